{%- set keys = ['monitor', 'model_version', 'segment', 'segment_value', 'feature', 'window_start', 'span', 'metric'] %}
{%- set columns = [
    'monitor', 'model_version', 'segment', 'segment_value', 'feature', 'window_start', 'window_end', 'span', 'metric', 'family', 'metric_value',
    'sample_size', 'reference_size', 'lower_bound', 'upper_bound', 'noise_floor', 'label_coverage', 'direction', 'warn_threshold',
    'alert_threshold', 'p_value', 'dispersion', 'drift_ratio', 'p_no_drift', 'q_value', 'minimum_detectable', 'equivalent_sigma', 'evidence',
    'psi_trailing', 'detail', 'rule', 'centre', 'clear_threshold', 'is_clear', 'status', 'reason', 'code_version', 'updated_at',
] %}
{%- set computed = {
    'q_value': 'q_p_alert',
    'reason': ml_monitor.verdict_reason(),
    'updated_at': "cast('" ~ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") ~ "' as timestamp)",
} %}
{{ config(**dict(ml_monitor.metric_config(), materialized='incremental', unique_key=keys)) }}

{#- A verdict stands, with the thresholds that were valid then, until the value under it changes. -#}

with

thresholds as (
    select monitor, metric, direction, warn_threshold, alert_threshold, span, by_segment, test
    from {{ ref('ml_monitor__thresholds') }}
),

monitors as (
    select monitor, min_rows, label_delay, window_unit, timezone, alpha, code_version from {{ ref('ml_monitor__monitors') }}
),

rule_limits as (
    select * from {{ ref('ml_monitor__rule_limits') }}
),

features as (
    select monitor, feature, is_seasonal from {{ ref('ml_monitor__features') }}
),

windows as (
    select
        windows.monitor,
        windows.window_start,
        case monitors.window_unit when 'day' then mod(windows.window_number, 7) when 'hour' then mod(windows.window_number, 24) else 0 end as season,
        min(windows.window_start) over (partition by windows.monitor) as first_window_start
    from {{ ref('ml_monitor__windows') }} as windows
    inner join monitors on monitors.monitor = windows.monitor
),

dispersion as (
    select monitor, feature, span, season, dispersion from {{ ref('ml_monitor__dispersion') }}
),

judged as (
    {%- set centre = "case when thresholds.direction = 'both' then " ~ ml_monitor.target_value('metric_values.metric') ~ " else 0 end" %}
    select
        metric_values.*,
        coalesce(rule_limits.rule, 'value') as rule,
        coalesce(rule_limits.direction, thresholds.direction) as direction,
        case when rule_limits.rule is null then thresholds.warn_threshold else rule_limits.warn_threshold end as warn_threshold,
        case when rule_limits.rule is null then thresholds.alert_threshold else rule_limits.alert_threshold end as alert_threshold,
        rule_limits.clear_threshold,
        {%- for level in ['warn', 'alert', 'clear'] %}
        coalesce(rule_limits.{{ level }}_centre, {{ centre }}) as {{ level }}_centre,
        {%- endfor %}
        coalesce(rule_limits.alert_centre, {{ centre }}) as centre,
        coalesce(rule_limits.n_baseline, 0) as n_baseline,
        thresholds.test,
        monitors.alpha,
        coalesce(dispersion.dispersion, 1e0) as dispersion,
        coalesce(features.is_seasonal, false) as is_seasonal,
        monitors.min_rows,
        monitors.code_version,
        case
            {%- for cut in ml_monitor.window_cuts('monitors.monitor') %}
            when {{ cut.condition }} then cast({{ ml_monitor.add_windows('monitors.label_delay', 'metric_values.window_end', cut.unit, cut.zone) }} as timestamp)
            {%- endfor %}
        end as mature_at,
        case
            {%- for cut in ml_monitor.window_cuts('monitors.monitor') %}
            when {{ cut.condition }} then cast({{ ml_monitor.add_windows('metric_values.span', 'windows.first_window_start', cut.unit, cut.zone) }} as timestamp)
            {%- endfor %}
        end as first_full_span_end
    from {{ ref('ml_monitor__metric_values') }} as metric_values
    inner join thresholds
        on thresholds.monitor = metric_values.monitor
        and thresholds.metric = metric_values.metric
        and thresholds.span = metric_values.span
        and (metric_values.segment = '__all__' or thresholds.by_segment)
    inner join monitors on monitors.monitor = metric_values.monitor
    inner join windows on windows.monitor = metric_values.monitor and windows.window_start = metric_values.window_start
    left join rule_limits
        on {% for key in ['monitor', 'metric', 'feature', 'segment', 'segment_value', 'model_version', 'span', 'window_start'] -%}
            rule_limits.{{ key }} = metric_values.{{ key }}{{ ' and ' if not loop.last }}
        {%- endfor %}
    left join dispersion
        on thresholds.test = 'material'
        and dispersion.monitor = metric_values.monitor
        and dispersion.feature = metric_values.feature
        and dispersion.span = metric_values.span
        and dispersion.season = windows.season
    left join features on features.monitor = metric_values.monitor and features.feature = metric_values.feature
    where {{ ml_monitor.is_judged('metric_values') }} and coalesce(rule_limits.rule, 'value') <> 'off'
),

changed_rows as (
    select {% for key in keys %}judged.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
    from judged
    {%- if is_incremental() %}
    left join {{ this }} as known
        on {% for key in keys %}known.{{ key }} = judged.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    where known.monitor is null
        or known.status = 'immature'
        or known.sample_size <> judged.sample_size
        {#- what is summed anew in another order is the same but for its last digits #}
        or abs(known.metric_value - judged.metric_value) > 1e-15 + 1e-12 * abs(judged.metric_value)
        or (known.metric_value is null and judged.metric_value is not null)
        or (known.metric_value is not null and judged.metric_value is null)
    {%- endif %}
),

changed as (
    {#- The tests of a window are corrected for each other, so they change together. #}
    select judged.* from judged
    inner join changed_rows on {% for key in keys %}changed_rows.{{ key }} = judged.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    where judged.test <> 'material'
    union all
    select judged.* from judged
    inner join (select distinct monitor, window_start, span, metric from changed_rows) as families
        on {% for key in ['monitor', 'window_start', 'span', 'metric'] %}families.{{ key }} = judged.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    where judged.test = 'material'
),

{{ ml_monitor.drift_tests('changed') }},

trailing_drift as (
    select monitor, segment, segment_value, feature, window_start, span, metric_value as psi_trailing
    from {{ ref('ml_monitor__metric_values') }}
    where metric = 'psi_trailing' and model_version = '__all__'
),

measured as (
    select
        judged.*,
        trailing_drift.psi_trailing,
        {%- for level in ['alert', 'warn'] %}
        case judged.direction
            when 'above' then judged.metric_value > judged.{{ level }}_threshold
            when 'below' then judged.metric_value < judged.{{ level }}_threshold
            else abs(judged.metric_value - judged.{{ level }}_centre) > judged.{{ level }}_threshold
        end as beyond_{{ level }},
        {%- endfor %}
        {#- An open alert resolves only where the value is back behind its clear level. #}
        coalesce(case judged.direction
            when 'above' then judged.metric_value <= judged.clear_threshold
            when 'below' then judged.metric_value >= judged.clear_threshold
            else abs(judged.metric_value - judged.clear_centre) <= judged.clear_threshold
        end, true) as is_clear,
        {#- Sampling alone explains the value: below the 99.9 % point of no drift, or an interval that reaches back over the threshold. #}
        case
            when judged.test = 'value' and judged.noise_floor > 0 and judged.n_bins > 1 and judged.metric in ('{{ ml_monitor.psi_metrics() | join("', '") }}')
                then judged.metric_value <= judged.noise_floor / (judged.n_bins - 1) * {{ ml_monitor.chi_squared_critical('(judged.n_bins - 1)') }}
            else false
        end as within_noise,
        case
            when judged.test = 'material' then coalesce(judged.q_p_alert <= judged.alpha, false)
            when judged.family not in ('performance', 'estimated_performance', 'service', 'behaviour') then true
            {#- the spread of the past, which the rule measures in, is sampling too #}
            when judged.rule <> 'value' then true
            when judged.direction = 'both' then coalesce(judged.lower_bound, judged.metric_value) > judged.centre + judged.alert_threshold
                or coalesce(judged.upper_bound, judged.metric_value) < judged.centre - judged.alert_threshold
            when judged.direction = 'above' then coalesce(judged.lower_bound, judged.metric_value) > judged.alert_threshold
            else coalesce(judged.upper_bound, judged.metric_value) < judged.alert_threshold
        end as certain,
        judged.test <> 'material' or coalesce(judged.q_p_warn <= judged.alpha, false) as certain_warn,
        case
            when judged.p_no_drift is null then null
            when judged.p_no_drift > judged.alpha then 'none'
            when coalesce(judged.q_p_alert, judged.q_p_warn) <= judged.alpha then 'material'
            else 'small'
        end as evidence
    from drift_tests as judged
    left join trailing_drift
        on judged.is_seasonal and judged.metric = 'psi'
        and trailing_drift.monitor = judged.monitor
        and trailing_drift.segment = judged.segment
        and trailing_drift.segment_value = judged.segment_value
        and trailing_drift.feature = judged.feature
        and trailing_drift.window_start = judged.window_start
        and trailing_drift.span = judged.span
),

decided as (
    select
        *,
        case
            when family = 'drift' and coalesce(reference_size, 0) = 0 then 'no_reference'
            when metric_value is null then 'insufficient_data'
            when family not in ('intake', 'operational', 'business') and sample_size < min_rows then 'insufficient_data'
            when family in ('drift', 'data_quality') and reference_size < min_rows then 'insufficient_data'
            when {{ ml_monitor.needs_labels() }} and mature_at > {{ ml_monitor.monitoring_now() }} then 'immature'
            when window_end < first_full_span_end then 'insufficient_data'
            when rule <> 'value' and warn_threshold is null and alert_threshold is null then 'insufficient_data'
            when within_noise then 'ok'
            when test = 'material' and certain and not is_seasonal then 'alert'
            when test = 'material' then case when certain or certain_warn then 'warning' else 'ok' end
            when beyond_alert and is_seasonal and family = 'drift' then 'warning'
            when beyond_alert and not certain then 'warning'
            when beyond_alert then 'alert'
            when beyond_warn then 'warning'
            else 'ok'
        end as status
    from measured
),

final as (
    select
        {%- for column in columns %}
        {{ computed[column] ~ ' as ' if column in computed }}{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from decided
)

{{ ml_monitor.with_kept_rows('final', columns, keys, ['monitor', 'window_start']) }}
