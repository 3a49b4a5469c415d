{{ config(**dict(ml_monitor.metric_config(), enabled=ml_monitor.due_monitors() != [])) }}
{%- set estimates = ml_monitor.due_estimates() %}

{#- Metrics from the labels that had come when a window was `label_delay` windows old: labels that come later do not move them. Of monitors with a
    threshold on one of them. -#}

with

{{ ml_monitor.stale_outcomes_when_due() }},

{{ ml_monitor.stale_spans() }},

{%- if ml_monitor.repeats_ctes() %}

outcome_profiles as (
    select outcomes.*
    from {{ ref('ml_monitor__outcomes_when_due') }} as outcomes
    inner join needed_windows on needed_windows.monitor = outcomes.monitor and outcomes.window_number > needed_windows.since_number
),
{%- else %}

{{ ml_monitor.due_outcomes() }},
{%- endif %}

{{ ml_monitor.outcome_cells() }},

{{ ml_monitor.span_totals() }},

{{ ml_monitor.ranked_cells() }},

{%- if 'binary' in ml_monitor.declared_tasks() %}

{{ ml_monitor.rank_statistics() }},
{%- endif %}

totals as (
    {{ ml_monitor.due_totals() }}
),

estimates as (
    select totals.monitor, totals.model_version, totals.window_number, totals.span,
        case when totals.n_predictions > 0 then 1e0 * totals.n / totals.n_predictions end as label_coverage,
        {{ ml_monitor.estimate_choices(estimates, 'metrics.place') }}
    from totals
    inner join ({{ ml_monitor.estimate_places(estimates) }}) as metrics on metrics.task = totals.task
),

final as (
    select
        estimates.monitor,
        estimates.model_version,
        '__all__' as segment,
        '__all__' as segment_value,
        '__all__' as feature,
        stale_windows.window_start,
        stale_windows.window_end,
        estimates.span,
        estimates.metric,
        'performance' as family,
        estimates.metric_value,
        {{ ml_monitor.interval_columns() }},
        cast(estimates.label_coverage as {{ ml_monitor.type_double() }}) as label_coverage,
        estimates.sample_size,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from estimates
    inner join stale_windows
        on stale_windows.monitor = estimates.monitor
        and stale_windows.window_number = estimates.window_number
    where estimates.metric_value is not null
)

select * from final
