{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

verdicts as (
    select
        monitor,
        feature,
        window_start,
        span,
        metric,
        family,
        metric_value,
        sample_size,
        warn_threshold,
        alert_threshold,
        status,
        reason
    from {{ ref('ml_monitor__verdicts') }}
    where segment = '__all__' and model_version = '__all__' and feature <> '__all__'
),

time_axis as (
    select
        monitor,
        window_start,
        column_start,
        column_end
    from {{ ref('ml_monitor__rpt_time_axis') }}
),

judged as (
    select
        verdicts.monitor,
        verdicts.feature,
        verdicts.family,
        verdicts.metric,
        verdicts.span,
        verdicts.window_start,
        time_axis.column_start,
        time_axis.column_end,
        verdicts.metric_value,
        verdicts.sample_size,
        verdicts.warn_threshold,
        verdicts.alert_threshold,
        verdicts.status,
        verdicts.reason,
        case verdicts.status when 'alert' then 3 when 'warning' then 2 when 'ok' then 1 else 0 end as severity
    from verdicts
    inner join time_axis
        on time_axis.monitor = verdicts.monitor
        and time_axis.window_start = verdicts.window_start
    where verdicts.family in ('drift', 'data_quality')
        and coalesce(verdicts.warn_threshold, verdicts.alert_threshold) is not null
),

ranked as (
    select
        monitor,
        feature,
        family,
        metric,
        span,
        column_start,
        column_end,
        metric_value,
        sample_size,
        warn_threshold,
        alert_threshold,
        status,
        reason,
        severity,
        row_number() over (
            partition by monitor, feature, family, column_start
            order by severity desc, coalesce(metric_value, 0) desc, window_start desc, metric, span
        ) as position
    from judged
),

drift_cells as (
    select
        monitor,
        feature,
        metric,
        span,
        column_start,
        column_end,
        metric_value,
        sample_size,
        warn_threshold,
        alert_threshold,
        status,
        reason,
        severity
    from ranked
    where family = 'drift' and position = 1
),

quality_cells as (
    select
        monitor,
        feature,
        metric,
        column_start,
        metric_value,
        status,
        reason
    from ranked
    where family = 'data_quality' and position = 1 and severity >= 2
),

feature_severities as (
    select
        monitor,
        feature,
        sum(case when severity = 3 then 1 else 0 end) as n_alert,
        sum(case when severity = 2 then 1 else 0 end) as n_warning,
        max(coalesce(metric_value, 0)) as worst_value
    from drift_cells
    group by monitor, feature
),

feature_ranks as (
    select
        monitor,
        feature,
        row_number() over (
            partition by monitor
            order by
                case when {{ ml_monitor.is_output('feature') }} then 1 else 0 end,
                n_alert desc,
                n_warning desc,
                worst_value desc,
                feature
        ) as feature_rank
    from feature_severities
),

final as (
    select
        drift_cells.monitor,
        drift_cells.feature,
        feature_ranks.feature_rank,
        drift_cells.column_start,
        drift_cells.column_end,
        drift_cells.metric,
        drift_cells.span,
        drift_cells.metric_value,
        drift_cells.sample_size,
        drift_cells.warn_threshold,
        drift_cells.alert_threshold,
        drift_cells.status,
        case
            when drift_cells.severity = 3 then 'alert'
            when drift_cells.severity = 2 then 'warning'
            when drift_cells.severity = 0 or drift_cells.metric_value is null then 'unknown'
            when drift_cells.metric_value < 0.5e0 * coalesce(drift_cells.warn_threshold, drift_cells.alert_threshold) then 'still'
            when drift_cells.metric_value < coalesce(drift_cells.warn_threshold, drift_cells.alert_threshold) then 'moving'
            else 'moved'
        end as shade,
        drift_cells.reason,
        quality_cells.metric as quality_metric,
        quality_cells.metric_value as quality_value,
        quality_cells.status as quality_status,
        quality_cells.reason as quality_reason
    from drift_cells
    inner join feature_ranks
        on feature_ranks.monitor = drift_cells.monitor
        and feature_ranks.feature = drift_cells.feature
    left join quality_cells
        on quality_cells.monitor = drift_cells.monitor
        and quality_cells.feature = drift_cells.feature
        and quality_cells.column_start = drift_cells.column_start
)

select * from final
