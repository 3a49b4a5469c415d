{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

with

alert_history as (
    select *, row_number() over (partition by alert_key order by window_start desc) as recency
    from {{ ref('ml_monitor__alert_history') }}
),

final as (
    select
        alert_key,
        monitor,
        family,
        metric,
        feature,
        segment,
        segment_value,
        model_version,
        span,
        case severity_level when 2 then 'alert' when 1 then 'warning' else 'ok' end as state,
        case when severity_level > 0 then true else false end as is_open,
        case when severity_level > 0 then {{ ml_monitor.incident_id('opened_at') }} end as incident_id,
        opened_at,
        window_start as last_window_start,
        window_end as last_window_end,
        windows_open,
        metric_value,
        threshold_value,
        reason,
        owner
    from alert_history
    where recency = 1
)

select * from final
