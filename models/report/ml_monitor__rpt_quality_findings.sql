{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

verdicts as (
    select
        monitor,
        feature,
        window_start,
        window_end,
        span,
        metric,
        family,
        metric_value,
        status,
        reason
    from {{ ref('ml_monitor__verdicts') }}
    where family in ('data_quality', 'intake', 'custom', 'service', 'operational') and segment = '__all__' and model_version = '__all__'
),

time_axis as (
    select
        monitor,
        window_start,
        recency
    from {{ ref('ml_monitor__rpt_time_axis') }}
),

breaches as (
    select
        verdicts.monitor,
        verdicts.family,
        verdicts.metric,
        verdicts.feature,
        verdicts.span,
        verdicts.window_start,
        verdicts.window_end,
        verdicts.metric_value,
        verdicts.status,
        verdicts.reason,
        time_axis.recency as window_recency,
        row_number() over (
            partition by verdicts.monitor, verdicts.metric, verdicts.feature, verdicts.span
            order by verdicts.window_start desc
        ) as recency
    from verdicts
    inner join time_axis
        on time_axis.monitor = verdicts.monitor
        and time_axis.window_start = verdicts.window_start
    where verdicts.status in ('warning', 'alert')
),

final as (
    select
        monitor,
        family,
        metric,
        feature,
        span,
        case when max(case when status = 'alert' then 1 else 0 end) = 1 then 'alert' else 'warning' end as worst_status,
        min(window_recency) = 1 as is_current,
        count(*) as n_windows,
        min(window_start) as first_window_start,
        max(window_end) as last_window_end,
        max(case when recency = 1 then metric_value end) as latest_value,
        max(case when recency = 1 then reason end) as latest_reason
    from breaches
    group by monitor, family, metric, feature, span
)

select * from final
