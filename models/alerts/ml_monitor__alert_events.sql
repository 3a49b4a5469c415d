{{ config(
    enabled=ml_monitor.any_monitors(),
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}

{#- Append-only: what people were told is never rewritten. The id is a pure function of alert, window, type and severity, so a
    rerun or a backfill adds nothing that is there already. -#}

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
)

select * from events
{%- if is_incremental() %}
where not exists (select 1 from {{ this }} as told where told.event_id = events.event_id)
{%- endif %}
