{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Reasons to retrain, each with its evidence. A trigger is not a decision: cool-down, attempts and runs in flight are
    weighed by whoever acts on it. -#}

with

policies as (
    {%- for spec in ml_monitor.monitors() if spec.retraining %}
        {%- set policy = spec.retraining %}
    select
        {{ ml_monitor.literal(spec.name) }} as monitor,
        {%- for kind in ['drift', 'performance', 'custom', 'labels', 'schedule'] %}
        {{ 'true' if kind in policy.get('triggers', ['performance']) else 'false' }} as on_{{ kind }},
        {%- endfor %}
        cast({{ policy.get('min_new_labels', 1000) }} as bigint) as min_new_labels,
        cast({{ policy.get('every_days', 90) }} as integer) as every_days
    union all
    {%- endfor %}
    select cast(null as {{ dbt.type_string() }}) as monitor, false as on_drift, false as on_performance, false as on_custom, false as on_labels, false as on_schedule,
        cast(null as bigint) as min_new_labels, cast(null as integer) as every_days
    {{ ml_monitor.no_rows() }}
),

open_incidents as (
    select monitor, family, metric, feature, incident_id, opened_at, last_window_start, last_window_end, metric_value, reason
    from {{ ref('ml_monitor__alert_states') }}
    where is_open and state = 'alert'
),

last_training as (
    {#- a run that failed has used no labels up #}
    select snapshots.monitor, max(snapshots.label_cutoff) as label_cutoff, max(snapshots.created_at) as trained_at
    from {{ ref('ml_monitor__dataset_snapshots') }} as snapshots
    inner join {{ ref('ml_monitor__training_runs') }} as runs
        on runs.training_run_id = snapshots.training_run_id
        and runs.status in ('promoted', 'kept')
    group by snapshots.monitor
),

label_counts as (
    select profiles.monitor, sum(profiles.n) as n_labels, max(profiles.labelled_until) as labelled_until, min(profiles.window_start) as first_window_start
    from {{ ref('ml_monitor__outcome_profiles') }} as profiles
    where profiles.segment = '__all__' and profiles.outcome = 'labelled'
    group by profiles.monitor
),

new_label_counts as (
    select profiles.monitor, sum(profiles.n) as n_new_labels
    from {{ ref('ml_monitor__outcome_profiles') }} as profiles
    left join last_training on last_training.monitor = profiles.monitor
    where profiles.segment = '__all__' and profiles.outcome = 'labelled'
        and (last_training.label_cutoff is null or profiles.labelled_until > last_training.label_cutoff)
    group by profiles.monitor
),

clocks as (
    select
        label_counts.monitor,
        label_counts.labelled_until,
        label_counts.n_labels,
        new_label_counts.n_new_labels,
        {{ ml_monitor.units_between('coalesce(last_training.trained_at, label_counts.first_window_start)', ml_monitor.monitoring_now(), 'day') }} as days_since_training,
        coalesce(last_training.trained_at, label_counts.first_window_start) as counted_from
    from label_counts
    left join new_label_counts on new_label_counts.monitor = label_counts.monitor
    left join last_training on last_training.monitor = label_counts.monitor
),

triggers as (
    select incidents.monitor, incidents.family as trigger_kind,
        incidents.incident_id as evidence_id, incidents.opened_at as window_start, incidents.last_window_end as window_end,
        incidents.metric, incidents.feature, incidents.metric_value, incidents.reason
    from open_incidents as incidents
    inner join policies on policies.monitor = incidents.monitor
    where (incidents.family = 'performance' and policies.on_performance) or (incidents.family = 'drift' and policies.on_drift)
        or (incidents.family = 'custom' and policies.on_custom)
    union all
    select clocks.monitor, 'labels', cast(clocks.counted_from as {{ dbt.type_string() }}), clocks.counted_from, clocks.labelled_until,
        'new_labels', '__all__', 1e0 * clocks.n_new_labels,
        cast(clocks.n_new_labels as {{ dbt.type_string() }}) || ' labels since the last training set, ' || cast(policies.min_new_labels as {{ dbt.type_string() }}) || ' are enough'
    from clocks
    inner join policies on policies.monitor = clocks.monitor
    where policies.on_labels and clocks.n_new_labels >= policies.min_new_labels
    union all
    select clocks.monitor, 'schedule', cast(clocks.counted_from as {{ dbt.type_string() }}), clocks.counted_from, clocks.labelled_until,
        'days_since_training', '__all__', 1e0 * clocks.days_since_training,
        cast(clocks.days_since_training as {{ dbt.type_string() }}) || ' days since the last training set, due every ' || cast(policies.every_days as {{ dbt.type_string() }})
    from clocks
    inner join policies on policies.monitor = clocks.monitor
    where policies.on_schedule and clocks.days_since_training >= policies.every_days
),

final as (
    select
        {{ ml_monitor.md5("monitor || '|' || trigger_kind || '|' || evidence_id") }} as trigger_key,
        monitor,
        trigger_kind,
        evidence_id,
        window_start,
        window_end,
        metric,
        feature,
        metric_value,
        reason,
        {{ ml_monitor.monitoring_now() }} as raised_at
    from triggers
)

select * from final
