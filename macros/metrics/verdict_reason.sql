{% macro verdict_reason() %}
    {#- The verdict in words: value, limit, sample, and why a breach did not count. -#}
    {%- set number = ml_monitor.short_number -%}
    {%- set value = number('metric_value') -%}
    {%- set rows_seen = number('sample_size') -%}
    {%- set side = "case direction when 'above' then ' is above ' when 'below' then ' is below ' else ' is further from ' || " ~ number('centre') ~ " || ' than ' end" -%}
    {%- set size = "' (n = ' || " ~ rows_seen ~ " || ', dispersion ' || " ~ number('dispersion') ~ " || ')'" -%}
    {%- set subject = "metric || case when model_version = '__all__' then '' else ' of ' || model_version end || case when feature = '__all__' then '' else ' of ' || feature end || case when segment = '__all__' then '' else ' where ' || segment || ' = ' || segment_value end" -%}
    {%- set window = "case when span = 1 then '' else ' over ' || cast(span as " ~ dbt.type_string() ~ ") || ' windows' end" -%}
    case
        when status = 'no_reference' then {{ subject }} || ': no reference rows to compare with'
        when status = 'insufficient_data' and sample_size < min_rows and (sample_size > 0 or detail is null) then {{ subject }} || ': only ' || {{ rows_seen }} || ' rows' || {{ window }} || ', at least ' || {{ number('min_rows') }} || ' are needed'
        when status = 'insufficient_data' and metric_value is not null and family in ('drift', 'data_quality') and reference_size < min_rows
            then {{ subject }} || ': only ' || {{ number('reference_size') }} || ' rows in the reference' || {{ window }} || ', at least ' || {{ number('min_rows') }} || ' are needed'
        when status = 'insufficient_data' and metric_value is null and detail is null then {{ subject }} || ': has no value' || {{ window }} || ' (n = ' || {{ rows_seen }} || ')'
        when status = 'insufficient_data' and window_end < first_full_span_end then {{ subject }} || ': the log does not yet span ' || cast(span as {{ dbt.type_string() }}) || ' windows'
        when status = 'insufficient_data' and metric_value is not null and rule <> 'value' then {{ subject }} || ' = ' || {{ value }} || {{ window }}
            || ': only ' || {{ number('n_baseline') }} || ' windows to learn the limits of the rule ' || rule || ' from'
        when status = 'insufficient_data' and metric_value is null then {{ subject }} || ' is not defined' || {{ window }} || ': ' || detail
        when status = 'immature' then {{ subject }} || ': labels are still arriving'
        when metric = 'row_count' and status <> 'ok' then 'no predictions were logged'
        when status = 'ok' and within_noise and (beyond_alert or beyond_warn) then {{ subject }} || ' = ' || {{ value }} || {{ window }} || ': no more than sampling noise with ' || {{ rows_seen }} || ' rows'
        when status = 'ok' and test = 'material' and (beyond_alert or beyond_warn) then {{ subject }} || ' = ' || {{ value }} || {{ window }}
            || ': not surely above ' || {{ number('coalesce(warn_threshold, alert_threshold)') }} || {{ size }}
        when status = 'ok' and metric = 'concept_drift' then {{ subject }} || ' = ' || {{ value }} || {{ window }} || ' is within its limits (n = ' || {{ rows_seen }} || '): ' || detail
            || '; explained by the inputs (covariate shift at most)'
        when status = 'ok' then {{ subject }} || ' = ' || {{ value }} || {{ window }} || ' is within its limits (n = ' || {{ rows_seen }} || ')'
        when status = 'warning' and beyond_alert and is_seasonal and family = 'drift' then {{ subject }} || ' = ' || {{ value }} || {{ window }}
            || {{ side }} || {{ number('alert_threshold') }} || '; declared seasonal, so the reference is of another season'
            || case when psi_trailing is null then '' else ': ' || {{ number('psi_trailing') }} || ' against the windows just before' end
        when status = 'warning' and beyond_alert and test = 'material' then {{ subject }} || ' = ' || {{ value }} || {{ window }}
            || ' is surely above ' || {{ number('warn_threshold') }} || ', not surely above ' || {{ number('alert_threshold') }} || {{ size }}
        when status = 'warning' and beyond_alert then {{ subject }} || ' = ' || {{ value }} || {{ window }} || {{ side }} || {{ number('alert_threshold') }}
            || ', but its 95 % interval [' || {{ number('lower_bound') }} || ', ' || {{ number('upper_bound') }} || '] reaches over it (n = ' || {{ rows_seen }} || ')'
        else {{ subject }} || ' = ' || {{ value }} || {{ window }} || {{ side }}
            || case when status = 'alert' then {{ number('alert_threshold') }} else {{ number('warn_threshold') }} end || ' (n = ' || {{ rows_seen }} || ')'
            || case when detail is null then '' else ': ' || detail end
            || case when metric = 'concept_drift' then '; not explained by other inputs: what they mean has changed (concept drift)' else '' end
    end
{%- endmacro %}


{% macro short_number(x) %}
    {#- Three decimals, no trailing zeros; decimal and not double, because a double prints differently in every warehouse. -#}
    {%- set text = 'cast(cast(round(cast(' ~ x ~ ' as decimal(28, 6)), 3) as decimal(28, 3)) as ' ~ dbt.type_string() ~ ')' -%}
    {{- return("coalesce(" ~ ml_monitor.trim_end(ml_monitor.trim_end(text, '0'), '.') ~ ", '?')") -}}
{% endmacro %}
