{% macro selective_metrics() %}
    {#- One row per metric: weighted, bounded, and how much of what was acted on was chosen against the odds. -#}
    {%- set explored = dict(ml_monitor._share('exploration_share', 'n_explored', 'n_acted'), tasks=['binary', 'multiclass', 'regression']) -%}
    {%- for source, estimates in {
        'totals': ml_monitor.weighted_estimates() + [explored],
        'worst_case': ml_monitor.bounded_estimates('worst'),
        'best_case': ml_monitor.bounded_estimates('best'),
    }.items() if estimates %}
    {{ 'union all' if not loop.first }}
    select totals.monitor, totals.segment, totals.segment_value, totals.window_start, totals.window_end, totals.span,
            {{ ml_monitor.estimate_choices(estimates, 'metrics.place') }}
    from {{ source }} as totals
    inner join ({{ ml_monitor.estimate_places(estimates) }}) as metrics on metrics.task = totals.task
    {%- endfor %}
{%- endmacro %}
