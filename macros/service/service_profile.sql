{% macro service_profile(name) %}
    {#- Body of <monitor>__service_profile: how the requests behind the predictions went, and what the operational log says, per window as
        counts on frozen bins. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        materialized='incremental',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
        **ml_monitor.replacing(['metric_id', 'window_start'])
    ) }}
    {%- set parts = (['requests'] if ml_monitor.service_columns(spec) else []) + (['operational'] if ml_monitor.operational_metrics(spec) else []) %}
    with

    {%- if 'requests' in parts %}

    {{ ml_monitor.request_counts(spec) }},
    {%- endif %}

    {%- if 'operational' in parts %}

    {{ ml_monitor.operational_counts(spec) }},
    {%- endif %}

    final as (
        {%- for part in parts %}
        select
            {{ ml_monitor.literal(name) }} as monitor,
            metric_id,
            series,
            model_version,
            segment,
            segment_value,
            window_start,
            {{ ml_monitor.window_number_of('window_start', spec.window, spec.timezone) }} as window_number,
            bin,
            n,
            {%- for column in ['total', 'lowest', 'highest'] %}
            cast({{ column }} as {{ ml_monitor.type_double() }}) as {{ column }},
            {%- endfor %}
            source_updated_at,
            cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
        from {{ part }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )

    select * from final
{% endmacro %}


{% macro log_bin(x) %}
    {#- Number of a bin that is 5 % wide, the same for every log and all time, so that counts add up; what is not above 0 has one of its own. -#}
    cast(case when {{ x }} > 1e-9 then floor(ln({{ x }}) / 4.879016416943205e-2) else -1000 end as integer)
{%- endmacro %}


{% macro request_counts(spec) %}
    {#- CTE `requests`: of each window that the feature profile has in a newer state, latencies by bin, and how many requests failed. -#}
    {%- set values = ml_monitor.service_values(spec) -%}
    {%- set definition = {'metric_id': spec.service_id, 'metric': 'requests', 'needs_label': false} -%}
    {%- do ml_monitor.check_custom_columns(spec, ml_monitor.monitor_relation(spec.predictions), ml_monitor.service_columns(spec), 'service') %}
    {{ ml_monitor.touched_custom_windows(spec, [definition]) }},

    {{ ml_monitor.custom_rows(spec, ml_monitor.monitor_relation(spec.predictions), {'metrics': [], 'columns': ml_monitor.service_columns(spec)}) }},

    measured as (
        select *{% for series, value in values.items() %}, {{ value }} as {{ series }}_value{% endfor %} from custom_rows
    ),

    binned as (
        select *, {{ ml_monitor.log_bin('latency_value') if 'latency' in values else '0' }} as bin from measured
    ),

    counted as (
        select
            window_start,
            model_version,
            {{- ml_monitor.segment_columns(spec.segments) }},
            bin
            {%- for series in values %},
            count({{ series }}_value) as {{ series }}_n, sum({{ series }}_value) as {{ series }}_total,
            min({{ series }}_value) as {{ series }}_lowest, max({{ series }}_value) as {{ series }}_highest
            {%- endfor %}
        from binned
        {{ ml_monitor.grouping_keys(['window_start', 'model_version', 'bin'], spec.segments) }}
    ),

    tall as (
        {%- for series in values %}
        select window_start, model_version, segment, segment_value, '{{ series }}' as series, {{ 'bin' if series == 'latency' else '0 as bin' }},
            sum({{ series }}_n) as n, sum({{ series }}_total) as total, min({{ series }}_lowest) as lowest, max({{ series }}_highest) as highest
        from counted
        where {{ series }}_n > 0
        group by window_start, model_version, segment, segment_value{{ ', bin' if series == 'latency' }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    requests as (
        {#- a window without a row is noted too, or it would be looked for again and again #}
        select touched.metric_id, coalesce(tall.series, 'none') as series, coalesce(tall.model_version, '__missing__') as model_version,
            coalesce(tall.segment, '__all__') as segment, coalesce(tall.segment_value, '__all__') as segment_value, touched.window_start,
            coalesce(tall.bin, 0) as bin, cast(coalesce(tall.n, 0) as bigint) as n, tall.total, tall.lowest, tall.highest, touched.source_updated_at
        from touched
        left join tall on tall.window_start = touched.window_start
    )
{%- endmacro %}


{% macro operational_counts(spec) %}
    {#- CTE `operational`: values of the operational log by bin, of each window for which it has more rows than were counted. -#}
    definitions_of_log as (
        {%- for metric in ml_monitor.operational_metrics(spec) %}
        select '{{ metric.metric_id }}' as metric_id, '{{ metric.metric }}' as series, {{ ml_monitor.literal(metric.measure) }} as measure,
            {{ ml_monitor.literal(metric.service) if metric.service else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as service
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    log_values as (
        select definitions_of_log.metric_id, definitions_of_log.series, {{ ml_monitor.finite('log.measure_value') }} as measured,
            {{ ml_monitor.window_start_of('log.measured_at', spec.window, spec.timezone) }} as window_start
        from {{ ref('ml_monitor', 'ml_monitor__service_log') }} as log
        inner join definitions_of_log
            on definitions_of_log.measure = log.measure and (definitions_of_log.service is null or definitions_of_log.service = log.service)
        where log.measured_at < {{ ml_monitor.monitoring_now() }} and log.measure_value is not null
            {%- if spec.lookback %} and log.measured_at >= {{ ml_monitor.add_windows(-spec.lookback, ml_monitor.monitoring_now(), spec.window, spec.timezone) }}{% endif %}
    ),

    log_windows as (
        select metric_id, window_start, count(measured) as n from log_values group by metric_id, window_start
    ),

    changed_log_windows as (
        select log_windows.metric_id, log_windows.window_start
        from log_windows
        {%- if is_incremental() %}
        left join (select metric_id, window_start, sum(n) as n from {{ this }} group by metric_id, window_start) as known
            on known.metric_id = log_windows.metric_id and known.window_start = log_windows.window_start
        where known.metric_id is null or known.n < log_windows.n
        {%- endif %}
    ),

    operational as (
        {#- No version: what happens to a machine happens to every model on it. #}
        select log_values.metric_id, log_values.series, '__none__' as model_version, '__all__' as segment, '__all__' as segment_value,
            log_values.window_start, {{ ml_monitor.log_bin('log_values.measured') }} as bin, count(*) as n, sum(log_values.measured) as total,
            min(log_values.measured) as lowest, max(log_values.measured) as highest,
            cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as source_updated_at
        from log_values
        inner join changed_log_windows
            on changed_log_windows.metric_id = log_values.metric_id and changed_log_windows.window_start = log_values.window_start
        where log_values.measured is not null
        group by log_values.metric_id, log_values.series, log_values.window_start, {{ ml_monitor.log_bin('log_values.measured') }}
    )
{%- endmacro %}
