{%- set keys = ['monitor', 'model_version', 'segment', 'segment_value', 'feature', 'window_start', 'span', 'metric'] %}
{{ config(**dict(ml_monitor.metric_config(), unique_key=keys)) }}

{#- A verdict stands, with the thresholds that were valid then, until the value under it changes. -#}

with

thresholds as (
    select monitor, metric, direction, warn_threshold, alert_threshold, span, by_segment
    from {{ ref('ml_monitor__thresholds') }}
),

monitors as (
    select monitor, min_rows, label_delay, window_unit, owner from {{ ref('ml_monitor__monitors') }}
),

features as (
    select monitor, feature, is_seasonal from {{ ref('ml_monitor__features') }}
),

first_windows as (
    select monitor, min(window_start) as first_window_start from {{ ref('ml_monitor__windows') }} group by monitor
),

judged as (
    select
        metric_values.*,
        thresholds.direction,
        thresholds.warn_threshold,
        thresholds.alert_threshold,
        coalesce(features.is_seasonal, false) as is_seasonal,
        monitors.min_rows,
        case monitors.window_unit
            {%- for unit in ['hour', 'day', 'week', 'month'] %}
            when '{{ unit }}' then cast({{ dbt.dateadd(unit, 'monitors.label_delay', 'metric_values.window_end') }} as timestamp)
            {%- endfor %}
        end as mature_at,
        case monitors.window_unit
            {%- for unit in ['hour', 'day', 'week', 'month'] %}
            when '{{ unit }}' then cast({{ dbt.dateadd(unit, 'metric_values.span', 'first_windows.first_window_start') }} as timestamp)
            {%- endfor %}
        end as first_full_span_end
    from {{ ref('ml_monitor__metric_values') }} as metric_values
    inner join thresholds
        on thresholds.monitor = metric_values.monitor
        and thresholds.metric = metric_values.metric
        and thresholds.span = metric_values.span
        and (metric_values.segment = '__all__' or thresholds.by_segment)
    inner join monitors on monitors.monitor = metric_values.monitor
    inner join first_windows on first_windows.monitor = metric_values.monitor
    left join features on features.monitor = metric_values.monitor and features.feature = metric_values.feature
    where metric_values.model_version = '__all__'
),

changed as (
    select judged.*
    from judged
    {%- if is_incremental() %}
    left join {{ this }} as known
        on {% for key in keys %}known.{{ key }} = judged.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    where known.monitor is null
        or known.status = 'immature'
        or known.sample_size <> judged.sample_size
        or known.metric_value <> judged.metric_value
        or (known.metric_value is null and judged.metric_value is not null)
        or (known.metric_value is not null and judged.metric_value is null)
    {%- endif %}
),

trailing_drift as (
    select monitor, segment, segment_value, feature, window_start, span, metric_value as psi_trailing
    from {{ ref('ml_monitor__metric_values') }}
    where metric = 'psi_trailing' and model_version = '__all__'
),

measured as (
    select
        judged.*,
        trailing_drift.psi_trailing,
        case when judged.direction = 'above' then judged.metric_value > judged.alert_threshold else judged.metric_value < judged.alert_threshold end as beyond_alert,
        case when judged.direction = 'above' then judged.metric_value > judged.warn_threshold else judged.metric_value < judged.warn_threshold end as beyond_warn,
        {#- Sampling alone explains the value: below the 99.9 % point of no drift, or an interval that reaches back over the threshold. #}
        case
            when judged.family = 'drift' and judged.noise_floor > 0 and judged.n_bins > 1 and judged.metric in ('psi', 'psi_with_missing')
                then judged.metric_value <= judged.noise_floor / (judged.n_bins - 1) * {{ ml_monitor.chi_squared_critical('(judged.n_bins - 1)') }}
            else false
        end as within_noise,
        case
            when judged.family <> 'performance' then true
            when judged.direction = 'above' then coalesce(judged.lower_bound, judged.metric_value) > judged.alert_threshold
            else coalesce(judged.upper_bound, judged.metric_value) < judged.alert_threshold
        end as certain
    from changed as judged
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
            when family <> 'intake' and sample_size < min_rows then 'insufficient_data'
            when family = 'performance' and mature_at > {{ ml_monitor.monitoring_now() }} then 'immature'
            when window_end < first_full_span_end then 'insufficient_data'
            when within_noise then 'ok'
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
        monitor,
        model_version,
        segment,
        segment_value,
        feature,
        window_start,
        window_end,
        span,
        metric,
        family,
        metric_value,
        sample_size,
        reference_size,
        lower_bound,
        upper_bound,
        noise_floor,
        label_coverage,
        direction,
        warn_threshold,
        alert_threshold,
        psi_trailing,
        detail,
        status,
        {{ ml_monitor.verdict_reason() }} as reason,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
    from decided
)

select * from final
