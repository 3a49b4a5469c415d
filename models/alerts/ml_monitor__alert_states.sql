{{ config(materialized='table', enabled=ml_monitor.any_monitors(), sql_header=ml_monitor.sql_header()) }}

with

alert_history as (
    select *, row_number() over (partition by alert_key order by window_start desc) as recency
    from {{ ref('ml_monitor__alert_history') }}
),

closings as (
    {#- what was closed without a calm window #}
    select incident_id, max(window_start) as closed_at, max(reason) as closing_reason
    from {{ ref('ml_monitor__alert_events') }}
    where event_type = 'resolved'
    group by incident_id
),

latest_windows as (
    select
        alert_history.*,
        closings.closing_reason,
        case when alert_history.severity_level > 0 and closings.incident_id is null then true else false end as is_open
    from alert_history
    left join closings
        on closings.incident_id = {{ ml_monitor.incident_id('alert_history.opened_at', 'alert_history.alert_key') }}
        and closings.closed_at >= alert_history.window_start
    where alert_history.recency = 1
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
        case when not is_open then 'ok' when severity_level = 2 then 'alert' else 'warning' end as state,
        is_open,
        case when is_open then {{ ml_monitor.incident_id('opened_at') }} end as incident_id,
        case when is_open then opened_at end as opened_at,
        window_start as last_window_start,
        window_end as last_window_end,
        windows_open,
        metric_value,
        threshold_value,
        coalesce(closing_reason, reason) as reason,
        owner,
        is_acknowledged and is_open as is_acknowledged,
        case when is_open then muted_because end as muted_because
    from latest_windows
)

select * from final
