{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

monitors as (
    select
        monitor,
        description,
        owner,
        task,
        window_unit,
        min_rows,
        edge_set_id
    from {{ ref('ml_monitor__monitors') }}
),

alerts as (
    select
        monitor,
        severity,
        is_open
    from {{ ref('ml_monitor__rpt_alerts') }}
),

performance as (
    select
        monitor,
        metric,
        span,
        window_start,
        window_end,
        metric_value,
        lower_bound,
        upper_bound,
        sample_size,
        label_coverage,
        status,
        is_settled,
        direction,
        warn_threshold,
        alert_threshold
    from {{ ref('ml_monitor__rpt_performance') }}
),

time_axis as (
    select
        monitor,
        window_start,
        window_end
    from {{ ref('ml_monitor__rpt_time_axis') }}
),

model_versions as (
    select
        monitor,
        model_version,
        stage,
        updated_at
    from {{ ref('ml_monitor__model_versions') }}
),

deployments as (
    select
        monitor,
        model_version,
        action,
        reason,
        effective_at
    from {{ ref('ml_monitor__deployments') }}
),

timeline as (
    select
        monitor,
        item_kind,
        starts_at,
        ends_at,
        model_version
    from {{ ref('ml_monitor__rpt_timeline') }}
),

features as (
    select
        monitor
    from {{ ref('ml_monitor__features') }}
),

verdicts as (
    select
        monitor,
        span,
        window_start,
        minimum_detectable
    from {{ ref('ml_monitor__verdicts') }}
    where metric = 'psi' and segment = '__all__' and minimum_detectable is not null
),

open_alerts as (
    select
        monitor,
        cast(sum(case when severity = 'alert' then 1 else 0 end) as bigint) as n_open_alerts,
        cast(sum(case when severity = 'warning' then 1 else 0 end) as bigint) as n_open_warnings
    from alerts
    where is_open
    group by monitor
),

latest_performance as (
    select
        monitor,
        metric,
        span,
        window_end,
        metric_value,
        lower_bound,
        upper_bound,
        sample_size,
        label_coverage,
        status,
        is_settled,
        direction,
        warn_threshold,
        alert_threshold,
        row_number() over (partition by monitor order by case when is_settled then 0 else 1 end, window_start desc) as recency
    from performance
),

window_counts as (
    select
        monitor,
        count(*) as n_windows,
        min(window_start) as first_window_start,
        max(window_end) as last_window_end
    from time_axis
    group by monitor
),

champions as (
    select
        model_versions.monitor,
        model_versions.model_version,
        deployments.effective_at,
        deployments.action,
        deployments.reason,
        row_number() over (
            partition by model_versions.monitor
            order by model_versions.updated_at desc, deployments.effective_at desc, model_versions.model_version
        ) as recency
    from model_versions
    left join deployments
        on deployments.monitor = model_versions.monitor
        and deployments.model_version = model_versions.model_version
    where model_versions.stage = 'champion'
),

serving_versions as (
    select
        monitor,
        model_version,
        row_number() over (partition by monitor order by ends_at desc, starts_at desc, model_version) as recency
    from timeline
    where item_kind = 'serving'
),

feature_counts as (
    select
        monitor,
        count(*) as n_features
    from features
    group by monitor
),

newest_verdicts as (
    select
        monitor,
        minimum_detectable,
        rank() over (partition by monitor, span order by window_start desc) as recency
    from verdicts
),

least_drift_found as (
    select
        monitor,
        max(minimum_detectable) as detectable_psi
    from newest_verdicts
    where recency = 1
    group by monitor
),

final as (
    select
        monitors.monitor,
        monitors.description,
        monitors.task,
        monitors.owner,
        monitors.window_unit,
        monitors.min_rows,
        monitors.edge_set_id,
        coalesce(feature_counts.n_features, 0) as n_features,
        coalesce(window_counts.n_windows, 0) as n_windows,
        window_counts.first_window_start,
        window_counts.last_window_end,
        coalesce(open_alerts.n_open_alerts, 0) as n_open_alerts,
        coalesce(open_alerts.n_open_warnings, 0) as n_open_warnings,
        champions.model_version as champion_version,
        champions.effective_at as champion_since,
        champions.action as champion_action,
        champions.reason as champion_reason,
        serving_versions.model_version as serving_version,
        latest_performance.metric,
        latest_performance.span,
        latest_performance.window_end as metric_window_end,
        latest_performance.metric_value,
        latest_performance.lower_bound,
        latest_performance.upper_bound,
        latest_performance.sample_size,
        latest_performance.label_coverage,
        latest_performance.status as metric_status,
        latest_performance.is_settled,
        latest_performance.direction,
        latest_performance.warn_threshold,
        latest_performance.alert_threshold,
        least_drift_found.detectable_psi,
        sqrt(least_drift_found.detectable_psi) as detectable_sigma
    from monitors
    left join feature_counts
        on feature_counts.monitor = monitors.monitor
    left join window_counts
        on window_counts.monitor = monitors.monitor
    left join open_alerts
        on open_alerts.monitor = monitors.monitor
    left join champions
        on champions.monitor = monitors.monitor
        and champions.recency = 1
    left join serving_versions
        on serving_versions.monitor = monitors.monitor
        and serving_versions.recency = 1
    left join latest_performance
        on latest_performance.monitor = monitors.monitor
        and latest_performance.recency = 1
    left join least_drift_found
        on least_drift_found.monitor = monitors.monitor
)

select * from final
