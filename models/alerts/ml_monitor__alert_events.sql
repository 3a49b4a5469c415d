{{ config(
    enabled=ml_monitor.any_monitors(),
    materialized='incremental',
    incremental_strategy=ml_monitor.append_strategy(),
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}

{#- Append-only: what people were told is never rewritten. The id is a pure function of alert, window, type and severity, so a
    rerun or a backfill adds nothing that is there already. When late rows or labels restate history so that an incident
    that people were told of has never been, they are told that too: it is resolved. -#}

with

alert_history as (
    select * from {{ ref('ml_monitor__alert_history') }}
),

transitions as (
    select
        *,
        case
            when severity_level > 0 and previous_severity_level = 0 and metric = 'row_count' then 'data_missing'
            when severity_level > 0 and previous_severity_level = 0 then 'opened'
            when severity_level > 0 and opened_at <> previous_opened_at then 'opened'
            when severity_level > previous_severity_level then 'escalated'
            when severity_level = 0 and previous_severity_level > 0 then 'resolved'
            when severity_level = 2 and status = 'alert' and windows_open > 0 and mod(windows_open, renotify_after) = 0 then 'renotified'
        end as event_type,
        coalesce(opened_at, previous_opened_at) as incident_opened_at
    from alert_history
),

events as (
    select
        {{ ml_monitor.md5("alert_key || '|' || cast(window_start as " ~ dbt.type_string() ~ ") || '|' || event_type || '|' || cast(case when severity_level > 0 then severity_level else previous_severity_level end as " ~ dbt.type_string() ~ ")") }} as event_id,
        alert_key,
        {{ ml_monitor.incident_id('incident_opened_at') }} as incident_id,
        monitor,
        family,
        metric,
        feature,
        segment,
        segment_value,
        model_version,
        span,
        window_start,
        window_end,
        event_type,
        case when (case when severity_level > 0 then severity_level else previous_severity_level end) = 2 then 'alert' else 'warning' end as severity,
        metric_value,
        threshold_value,
        sample_size,
        reason,
        owner,
        {{ ml_monitor.monitoring_now() }} as created_at
    from transitions
    where event_type is not null
){%- if is_incremental() %},

told_incidents as (
    select incident_id, alert_key, max(severity) as severity
    from {{ this }}
    group by incident_id, alert_key
    having max(case when event_type = 'resolved' then 1 else 0 end) = 0
),

known_incidents as (
    select distinct {{ ml_monitor.incident_id('opened_at') }} as incident_id
    from alert_history
    where severity_level > 0
),

latest_windows as (
    select *, row_number() over (partition by alert_key order by window_start desc) as recency
    from alert_history
),

withdrawn as (
    select
        {{ ml_monitor.md5("told_incidents.incident_id || '|resolved|restated'") }} as event_id,
        latest_windows.alert_key,
        told_incidents.incident_id,
        latest_windows.monitor,
        latest_windows.family,
        latest_windows.metric,
        latest_windows.feature,
        latest_windows.segment,
        latest_windows.segment_value,
        latest_windows.model_version,
        latest_windows.span,
        latest_windows.window_start,
        latest_windows.window_end,
        'resolved' as event_type,
        told_incidents.severity,
        latest_windows.metric_value,
        latest_windows.threshold_value,
        latest_windows.sample_size,
        'late rows or labels have restated it; now ' || latest_windows.reason as reason,
        latest_windows.owner,
        {{ ml_monitor.monitoring_now() }} as created_at
    from told_incidents
    inner join latest_windows on latest_windows.alert_key = told_incidents.alert_key and latest_windows.recency = 1
    left join known_incidents on known_incidents.incident_id = told_incidents.incident_id
    where known_incidents.incident_id is null
),

all_events as (
    select * from events
    union all
    select * from withdrawn
)

select * from all_events
where not exists (select 1 from {{ this }} as told where told.event_id = all_events.event_id)
{%- else %}

select * from events
{%- endif %}
