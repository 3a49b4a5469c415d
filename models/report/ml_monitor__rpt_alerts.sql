{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

alert_events as (
    select
        event_id,
        alert_key,
        incident_id,
        monitor,
        family,
        metric,
        feature,
        segment,
        segment_value,
        model_version,
        span,
        window_end,
        event_type,
        severity,
        metric_value,
        threshold_value,
        reason,
        owner,
        created_at
    from {{ ref('ml_monitor__alert_events') }}
),

alert_states as (
    select
        alert_key,
        incident_id,
        is_open,
        metric_value
    from {{ ref('ml_monitor__alert_states') }}
),

incident_spans as (
    select
        incident_id,
        alert_key,
        min(window_end) as opened_at,
        max(case when event_type = 'resolved' then window_end end) as resolved_at,
        max(case when severity = 'alert' and event_type <> 'resolved' then 1 else 0 end) as was_alert,
        count(*) as n_events
    from alert_events
    group by incident_id, alert_key
),

latest_events as (
    select
        incident_id,
        monitor,
        family,
        metric,
        feature,
        segment,
        segment_value,
        model_version,
        span,
        event_type,
        window_end,
        metric_value,
        threshold_value,
        reason,
        owner,
        row_number() over (
            partition by incident_id
            order by case when event_type = 'resolved' then 1 else 0 end, window_end desc, created_at desc, event_id
        ) as recency
    from alert_events
),

final as (
    select
        latest_events.monitor,
        latest_events.incident_id,
        incident_spans.alert_key,
        latest_events.family,
        latest_events.metric,
        latest_events.feature,
        latest_events.segment,
        latest_events.segment_value,
        latest_events.model_version,
        latest_events.span,
        case when incident_spans.was_alert = 1 then 'alert' else 'warning' end as severity,
        (incident_spans.resolved_at is null or alert_states.incident_id is not null) as is_open,
        incident_spans.opened_at,
        incident_spans.resolved_at,
        latest_events.metric_value,
        latest_events.threshold_value,
        latest_events.reason,
        alert_states.metric_value as current_value,
        latest_events.owner,
        incident_spans.n_events
    from latest_events
    inner join incident_spans
        on incident_spans.incident_id = latest_events.incident_id
    left join alert_states
        on alert_states.alert_key = incident_spans.alert_key
        and alert_states.incident_id = incident_spans.incident_id
        and alert_states.is_open
    where latest_events.recency = 1
)

select * from final
