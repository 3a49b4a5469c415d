{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

evaluations as (
    select
        training_run_id,
        metric,
        sample_size,
        challenger_version,
        challenger_value
    from {{ ref('ml_monitor__evaluations') }}
    where segment = '__all__'
),

deployments as (
    select
        deployment_id,
        monitor,
        model_version,
        action,
        training_run_id,
        effective_at
    from {{ ref('ml_monitor__deployments') }}
),

champion_metrics as (
    select distinct
        monitor,
        metric
    from {{ ref('ml_monitor__rpt_performance') }}
),

spans as (
    select
        monitor,
        model_version,
        action,
        training_run_id,
        effective_at as starts_at,
        lead(effective_at) over (partition by monitor order by effective_at, deployment_id) as ends_at
    from deployments
),

final as (
    select
        spans.monitor,
        spans.model_version,
        evaluations.metric,
        spans.starts_at,
        spans.ends_at,
        evaluations.challenger_value as reference_value,
        evaluations.sample_size
    from spans
    inner join evaluations
        on evaluations.training_run_id = spans.training_run_id
        and evaluations.challenger_version = spans.model_version
    inner join champion_metrics
        on champion_metrics.monitor = spans.monitor
        and champion_metrics.metric = evaluations.metric
    where spans.action = 'promote'
)

select * from final
