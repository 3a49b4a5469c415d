{{ config(**dict(ml_monitor.metric_config(), enabled=ml_monitor.due_monitors() != [])) }}

{#- Metrics from the labels that had come when a window was `label_delay` windows old: labels that come later do not move them. Of monitors with a
    threshold on one of them. -#}

with

delayed_profiles as {{ ml_monitor.inline_cte() }} (
    select profiles.*, monitors.label_delay
    from {{ ref('ml_monitor__outcome_profiles') }} as profiles
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = profiles.monitor
    where profiles.segment = '__all__' and {{ ml_monitor.of_monitors('profiles.monitor', ml_monitor.due_monitors()) }}
),

{#- another delay makes other numbers #}
{{ ml_monitor.stale_windows('delayed_profiles', 'monitors.longest_span', "monitors.metric_spec_id || ' ' || cast(monitors.label_delay as " ~ dbt.type_string() ~ ')') }},

{{ ml_monitor.stale_spans() }},

{{ ml_monitor.due_outcomes() }},

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
    {%- for estimate in ml_monitor.age_estimates() %}
    select monitor, model_version, window_number, span, case when n_predictions > 0 then 1e0 * n / n_predictions end as label_coverage,
            {{ ml_monitor.estimate_columns(dict(estimate, metric=estimate.metric ~ '_at_age')) }}
    from totals
    where task in ({% for task in estimate.tasks %}'{{ task }}'{{ ', ' if not loop.last }}{% endfor %})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
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
