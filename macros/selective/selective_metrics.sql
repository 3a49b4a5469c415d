{% macro selective_metrics() %}
    {#- One row per metric: weighted, bounded, and how much of what was acted on was chosen against the odds. -#}
    {%- set explored = dict(ml_monitor._share('exploration_share', 'n_explored', 'n_acted'), tasks=['binary', 'multiclass', 'regression']) -%}
    {%- for source, estimates in {
        'totals': ml_monitor.weighted_estimates() + [explored],
        'worst_case': ml_monitor.bounded_estimates('worst'),
        'best_case': ml_monitor.bounded_estimates('best'),
    }.items() %}
    {%- set is_first = loop.first %}
    {%- for estimate in estimates %}
    {{ 'union all' if not (is_first and loop.first) }}
    select monitor, segment, segment_value, window_start, window_end, span,
            {{ ml_monitor.estimate_columns(estimate) }}
    from {{ source }}
    where task in ({% for task in estimate.tasks %}'{{ task }}'{{ ', ' if not loop.last }}{% endfor %})
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}
