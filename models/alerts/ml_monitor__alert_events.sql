{%- set columns = [
    'alert_key', 'monitor', 'family', 'metric', 'feature', 'segment', 'segment_value', 'model_version', 'span', 'window_start', 'window_end',
    'metric_value', 'threshold_value', 'sample_size', 'owner', 'route',
] %}
{{ config(
    enabled=ml_monitor.any_monitors(),
    materialized='incremental',
    incremental_strategy=ml_monitor.append_strategy(),
    on_schema_change='append_new_columns',
    full_refresh=false,
    sql_header=ml_monitor.sql_header(),
) }}

{#- Append-only: what people were told is never rewritten. The id is a pure function of alert, window, type and severity, so a
    rerun or a backfill adds nothing that is there already. An incident that nothing can resolve any more is closed: late rows or labels have
    restated it, no rule watches it, or only a backfill saw it and told nobody. -#}

with

alert_history as (
    select * from {{ ref('ml_monitor__alert_history') }}
),

quiet_hours as (
    select monitor, quiet_from, quiet_to from {{ ref('ml_monitor__monitors') }}
),

transitions as (
    select
        *,
        case
            when told_level > 0 and previous_told_level = 0 and metric = 'row_count' then 'data_missing'
            when told_level > 0 and previous_told_level = 0 then 'opened'
            when told_level > 0 and opened_at <> previous_opened_at then 'opened'
            when told_level > previous_told_level then 'escalated'
            when told_level = 0 and previous_told_level > 0 then 'resolved'
            when told_level = 0 or muted_because is not null or is_acknowledged then null
            when previous_muted_because is not null and status <> 'ok' then 'renotified'
            when told_level = 2 and status = 'alert' and windows_open > 0 and mod(windows_open, renotify_after) = 0 then 'renotified'
        end as event_type,
        coalesce(opened_at, previous_opened_at) as incident_opened_at
    from alert_history
),

events as (
    select
        {#- The end belongs to its incident: another incident may end in the same window once history is restated. #}
        {{ ml_monitor.md5("case when event_type = 'resolved' then " ~ ml_monitor.incident_id('incident_opened_at') ~ " else alert_key end || '|' || cast(window_start as "
            ~ dbt.type_string() ~ ") || '|' || event_type || '|' || cast(case when told_level > 0 then told_level else previous_told_level end as " ~ dbt.type_string() ~ ")") }} as event_id,
        {{ ml_monitor.incident_id('incident_opened_at') }} as incident_id,
        event_type,
        case when (case when told_level > 0 then told_level else previous_told_level end) = 2 then 'alert' else 'warning' end as severity,
        reason,
        {{ columns | join(',\n        ') }}
    from transitions
    where event_type is not null
),

latest_windows as (
    select
        *,
        {{ ml_monitor.incident_id('opened_at') }} as incident_id,
        row_number() over (partition by alert_key order by window_start desc) as recency
    from alert_history
),

told_incidents as (
    {#- with whether a word of it went out while its window was young enough to be delivered #}
    {%- if is_incremental() %}
    select
        incident_id,
        alert_key,
        min(severity) as severity,
        max(case when event_type = 'resolved' then 1 else 0 end) as is_resolved,
        max(case when created_at <= {{ ml_monitor.delivered_until('window_end') }} then 1 else 0 end) as was_in_time
    from {{ this }}
    group by incident_id, alert_key
    {%- else %}
    select cast(null as {{ dbt.type_string() }}) as incident_id, cast(null as {{ dbt.type_string() }}) as alert_key, cast(null as {{ dbt.type_string() }}) as severity, 0 as is_resolved, 0 as was_in_time
    {{ ml_monitor.no_rows() }}
    {%- endif %}
),

known_incidents as (
    select distinct {{ ml_monitor.incident_id('opened_at') }} as incident_id
    from alert_history
    where severity_level > 0
),

closed as (
    select
        told_incidents.incident_id as closed_incident_id,
        told_incidents.severity,
        'restated' as because,
        'late rows or labels have restated it; now ' || latest_windows.reason as closing_reason,
        latest_windows.*
    from told_incidents
    inner join latest_windows on latest_windows.alert_key = told_incidents.alert_key and latest_windows.recency = 1
    left join known_incidents on known_incidents.incident_id = told_incidents.incident_id
    where known_incidents.incident_id is null and told_incidents.is_resolved = 0
    union all
    select
        latest_windows.incident_id as closed_incident_id,
        case latest_windows.severity_level when 2 then 'alert' else 'warning' end as severity,
        'closed' as because,
        case
            when latest_windows.is_watched then 'found in a backfill, and nothing has been judged since: ' || latest_windows.reason
            else 'no rule watches it any more'
        end as closing_reason,
        latest_windows.*
    from latest_windows
    left join told_incidents on told_incidents.incident_id = latest_windows.incident_id
    where latest_windows.recency = 1
        and latest_windows.severity_level > 0
        and (
            not latest_windows.is_watched
            or (coalesce(told_incidents.was_in_time, 0) = 0 and {{ ml_monitor.delivered_until('latest_windows.window_end') }} < {{ ml_monitor.monitoring_now() }})
        )
),

closings as (
    select
        {{ ml_monitor.md5("closed_incident_id || '|resolved|' || because") }} as event_id,
        closed_incident_id as incident_id,
        'resolved' as event_type,
        severity,
        closing_reason as reason,
        {{ columns | join(',\n        ') }}
    from closed
),

all_events as (
    select * from events
    union all
    select * from closings
),

final as (
    select
        all_events.*,
        {{ ml_monitor.monitoring_now() }} as created_at,
        {{ ml_monitor.after_quiet_hours(ml_monitor.monitoring_now()) }} as deliver_after
    from all_events
    left join quiet_hours on quiet_hours.monitor = all_events.monitor
)

select * from final
{%- if is_incremental() %}
where not exists (select 1 from {{ this }} as told where told.event_id = final.event_id)
{%- endif %}
