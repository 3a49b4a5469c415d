{% macro outcome_step(step, steps=none) %}
    {#- CTEs up to one that many read, from the tables of those before it, where a warehouse computes a CTE once for each reader. -#}
    {%- if step == 'totals' -%}
    {{ ml_monitor.outcome_statistics(steps) }},

    totals as (
        {{ ml_monitor.outcome_totals() }}
    )
    {%- else -%}
    {{ ml_monitor.needed_outcomes() }},

    {%- if step == 'cells' %}

    {{ ml_monitor.outcome_cells() }}
    {%- else %}

    cells as (
        select * from {{ steps.cells }}
    ),

    {{ ml_monitor.span_totals() }}
    {%- endif %}
    {%- endif %}
{%- endmacro %}
