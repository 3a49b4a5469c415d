{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

alerts as (
    select
        monitor,
        incident_id,
        alert_key,
        family,
        metric,
        feature,
        segment,
        segment_value,
        severity,
        is_open,
        opened_at,
        resolved_at,
        reason
    from {{ ref('ml_monitor__rpt_alerts') }}
),

metric_values as (
    select
        monitor,
        model_version,
        segment,
        segment_value,
        feature,
        window_start,
        window_end,
        metric
    from {{ ref('ml_monitor__metric_values') }}
    where model_version <> '__all__' and segment = '__all__' and span = 1
),

retraining_triggers as (
    select
        trigger_key,
        monitor,
        trigger_kind,
        metric,
        feature,
        reason,
        raised_at
    from {{ ref('ml_monitor__retraining_triggers') }}
),

training_runs as (
    select
        training_run_id,
        monitor,
        status,
        reason,
        candidate_version,
        started_at,
        finished_at,
        error
    from {{ ref('ml_monitor__training_runs') }}
),

deployments as (
    select
        deployment_id,
        monitor,
        model_version,
        action,
        reason,
        effective_at
    from {{ ref('ml_monitor__deployments') }}
),

alert_subjects as (
    select
        monitor,
        alert_key,
        row_number() over (
            partition by monitor
            order by
                max(case when family = 'performance' then 1 else 0 end) desc,
                max(case when is_open then 1 else 0 end) desc,
                max(case when severity = 'alert' then 1 else 0 end) desc,
                max(opened_at) desc,
                alert_key
        ) as subject_rank
    from alerts
    group by monitor, alert_key
),

alert_items as (
    select
        alerts.monitor,
        'alert' as item_kind,
        alerts.incident_id as item_id,
        alert_subjects.subject_rank,
        alerts.metric,
        alerts.feature,
        alerts.segment,
        alerts.segment_value,
        alerts.opened_at as starts_at,
        alerts.resolved_at as ends_at,
        alerts.severity as outcome,
        cast(null as {{ dbt.type_string() }}) as model_version,
        alerts.reason as detail
    from alerts
    inner join alert_subjects
        on alert_subjects.monitor = alerts.monitor
        and alert_subjects.alert_key = alerts.alert_key
),

trigger_items as (
    select
        monitor,
        'trigger' as item_kind,
        trigger_key as item_id,
        1 as subject_rank,
        metric,
        feature,
        '__all__' as segment,
        '__all__' as segment_value,
        raised_at as starts_at,
        raised_at as ends_at,
        trigger_kind as outcome,
        cast(null as {{ dbt.type_string() }}) as model_version,
        reason as detail
    from retraining_triggers
),

gate_items as (
    select
        monitor,
        'gate' as item_kind,
        training_run_id as item_id,
        1 as subject_rank,
        '__all__' as metric,
        '__all__' as feature,
        '__all__' as segment,
        '__all__' as segment_value,
        coalesce(finished_at, started_at) as starts_at,
        coalesce(finished_at, started_at) as ends_at,
        status as outcome,
        candidate_version as model_version,
        coalesce(reason, error) as detail
    from training_runs
),

champion_items as (
    select
        monitor,
        'champion' as item_kind,
        deployment_id as item_id,
        1 as subject_rank,
        '__all__' as metric,
        '__all__' as feature,
        '__all__' as segment,
        '__all__' as segment_value,
        effective_at as starts_at,
        lead(effective_at) over (partition by monitor order by effective_at, deployment_id) as ends_at,
        action as outcome,
        model_version,
        reason as detail
    from deployments
),

serving_items as (
    select
        monitor,
        'serving' as item_kind,
        model_version as item_id,
        row_number() over (partition by monitor order by min(window_start), model_version) as subject_rank,
        '__all__' as metric,
        '__all__' as feature,
        '__all__' as segment,
        '__all__' as segment_value,
        min(window_start) as starts_at,
        max(window_end) as ends_at,
        'serving' as outcome,
        model_version,
        cast(null as {{ dbt.type_string() }}) as detail
    from metric_values
    group by monitor, model_version
),

final as (
    select * from alert_items
    union all
    select * from trigger_items
    union all
    select * from gate_items
    union all
    select * from champion_items
    union all
    select * from serving_items
)

select * from final
