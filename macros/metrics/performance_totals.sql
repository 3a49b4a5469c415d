{% macro performance_totals(from_table) %}
    {#- CTE `totals`: the sums of each cell and span that every performance metric is made of; from a table where a CTE would be computed
        once per metric. -#}
{%- if from_table %}
totals as (
    select * from {{ ref('ml_monitor__performance_totals') }}
)
{%- else %}
{{ ml_monitor.span_outcomes() }},

{{ ml_monitor.rank_statistics() }},

totals as (
    {{ ml_monitor.outcome_totals() }}
)
{%- endif %}
{%- endmacro %}
