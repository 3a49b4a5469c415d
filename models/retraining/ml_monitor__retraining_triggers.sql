{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Reasons to retrain, each with its evidence. A trigger is not a decision: cool-down, attempts and runs in flight are
    weighed by whoever acts on it. -#}

with

policies as (
    {%- for spec in ml_monitor.monitors() if spec.retraining %}
        {%- set policy = spec.retraining %}
    select
        {{ ml_monitor.literal(spec.name) }} as monitor,
        {%- for kind in ml_monitor._retraining_choices().triggers %}
        {{ 'true' if kind in policy.get('triggers', ['performance']) else 'false' }} as on_{{ kind }},
        {%- endfor %}
        cast({{ policy.get('drift_windows', 1) }} as integer) as drift_windows,
        cast({{ policy.get('tolerance', 0) }} as {{ ml_monitor.type_double() }}) as tolerance,
        cast({{ policy.get('over') or ([1] + spec.rolling) | max }} as integer) as span,
        cast({{ spec.min_rows }} as bigint) as min_rows,
        {#- A window's labels are mature once it is over and the delay has passed. #}
        cast({{ ml_monitor.add_windows(-1 - spec.label_delay, ml_monitor.monitoring_now(), spec.window, spec.timezone) if spec.label_delay and spec.window is not mapping else ml_monitor.monitoring_now() }} as timestamp) as mature_until,
        cast({{ policy.get('min_new_labels', 1000) }} as bigint) as min_new_labels,
        cast({{ policy.get('every_days', 90) }} as integer) as every_days
    union all
    {%- endfor %}
    select cast(null as {{ dbt.type_string() }}) as monitor,
        {%- for kind in ml_monitor._retraining_choices().triggers %} false as on_{{ kind }},{% endfor %}
        cast(null as integer) as drift_windows, cast(null as {{ ml_monitor.type_double() }}) as tolerance, cast(null as integer) as span,
        cast(null as bigint) as min_rows, cast(null as timestamp) as mature_until, cast(null as bigint) as min_new_labels, cast(null as integer) as every_days
    {{ ml_monitor.no_rows() }}
),

open_incidents as (
    select monitor, family, metric, feature, incident_id, opened_at, last_window_start, last_window_end, windows_open, metric_value, reason
    from {{ ref('ml_monitor__alert_states') }}
    where is_open and state = 'alert'
        {#- A challenger that is worse is no reason to replace the champion. #}
        and metric not in ('{{ ml_monitor.difference_metrics() | join("', '") }}')
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
    inner join policies on policies.monitor = profiles.monitor
    left join last_training on last_training.monitor = profiles.monitor
    where profiles.segment = '__all__' and profiles.outcome = 'labelled' and profiles.window_start <= policies.mature_until
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

champions as (
    {#- what each one promised: its value on the rows that it was accepted on #}
    select monitor, model_version, validation_metric, validation_value, case when validation_metric = 'roc_auc' then 1 else -1 end as better
    from {{ ref('ml_monitor__model_versions') }}
    where stage = 'champion' and validation_value is not null
),

served as (
    {#- what it delivers, with the end of its interval that speaks for it #}
    select
        champions.monitor,
        champions.model_version,
        champions.better,
        champions.validation_metric,
        champions.validation_value - champions.better * policies.tolerance as promised,
        recent.window_start,
        recent.window_end,
        recent.span,
        recent.sample_size,
        recent.metric_value,
        case champions.better when 1 then recent.upper_bound else recent.lower_bound end as at_best,
        row_number() over (partition by champions.monitor order by recent.window_start desc) as recency
    from champions
    inner join policies on policies.monitor = champions.monitor and policies.on_validation
    inner join {{ ref('ml_monitor__metric_values') }} as recent
        on recent.monitor = champions.monitor
        and recent.model_version = champions.model_version
        and recent.metric = champions.validation_metric
        and recent.span = policies.span
        and recent.segment = '__all__'
        and recent.feature = '__all__'
    where recent.sample_size >= policies.min_rows
),

triggers as (
    select incidents.monitor,
        case when incidents.metric = 'concept_drift' and policies.on_concept_drift then 'concept_drift' else incidents.family end as trigger_kind,
        incidents.incident_id as evidence_id, incidents.opened_at as window_start, incidents.last_window_end as window_end,
        incidents.metric, incidents.feature, incidents.metric_value, incidents.reason
    from open_incidents as incidents
    inner join policies on policies.monitor = incidents.monitor
    where (incidents.family = 'performance' and policies.on_performance)
        or (incidents.family = 'drift' and policies.on_drift and incidents.windows_open + 1 >= policies.drift_windows)
        or (incidents.family = 'custom' and policies.on_custom)
        or (incidents.metric = 'concept_drift' and policies.on_concept_drift)
    union all
    {#- The date of the last training is part of the evidence: a champion that falls short for good is challenged again after each cool-down. #}
    select served.monitor, 'validation', served.model_version || ' since ' || coalesce(cast(last_training.trained_at as {{ dbt.type_string() }}), 'its release'),
        served.window_start, served.window_end, served.validation_metric, '__all__', served.metric_value,
        served.validation_metric || ' of ' || served.model_version || ' is ' || {{ ml_monitor.short_number('served.metric_value') }}
            || ' over ' || cast(served.span as {{ dbt.type_string() }}) || ' windows (n = ' || cast(served.sample_size as {{ dbt.type_string() }})
            || '), at best ' || {{ ml_monitor.short_number('served.at_best') }} || ' at 95 %, its validation less tolerance was '
            || {{ ml_monitor.short_number('served.promised') }}
    from served
    left join last_training on last_training.monitor = served.monitor
    where served.recency = 1 and served.better * served.at_best < served.better * served.promised
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
