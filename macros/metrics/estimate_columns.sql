{% macro estimate_columns(estimate) -%}
    {#- Value, size and bounds of one estimate, in one order; not defined where its condition does not hold. -#}
    {%- set double = ml_monitor.type_double() -%}
    '{{ estimate.metric }}' as metric,
            cast(case when {{ estimate.when }} then {{ estimate.value }} end as {{ double }}) as metric_value,
            cast(coalesce({{ estimate.n }}, 0) as bigint) as sample_size,
            {{ ml_monitor.literal(estimate.why) }} as detail,
            {%- for part in ['lower', 'upper', 'error'] %}
            cast({{ 'case when ' ~ estimate.when ~ ' then ' ~ estimate[part] ~ ' end' if estimate[part] else 'null' }} as {{ double }}) as {{ {'error': 'standard_error'}.get(part, part ~ '_bound') }}{{ ',' if not loop.last }}
            {%- endfor %}
{%- endmacro %}


{% macro estimate_choices(estimates, place) -%}
    {#- The same columns of many estimates on one row each: `place` says which. One reading for all, where a warehouse computes a CTE again for every reader. -#}
    {%- set double = ml_monitor.type_double() -%}
    {%- set parts = {'metric_value': 'value', 'sample_size': 'n', 'detail': 'why', 'lower_bound': 'lower', 'upper_bound': 'upper', 'standard_error': 'error'} -%}
    case {{ place }}{% for estimate in estimates %} when {{ loop.index }} then '{{ estimate.metric }}'{% endfor %} end as metric
            {%- for column, part in parts.items() %},
            {%- set type = {'n': 'bigint', 'why': dbt.type_string()}.get(part, double) %}
            {%- if estimates | selectattr(part, 'defined') | selectattr(part) | list %}
            cast({{ 'coalesce(' if part == 'n' }}case {{ place }}
                {%- for estimate in estimates if estimate[part] %}
                {%- set value = estimate[part] if part == 'n' else ml_monitor.literal(estimate.why) if part == 'why' else 'case when ' ~ estimate.when ~ ' then ' ~ estimate[part] ~ ' end' %}
                when {{ estimates.index(estimate) + 1 }} then {{ value }}
                {%- endfor %}
            end{{ ', 0)' if part == 'n' }} as {{ type }}) as {{ column }}
            {%- else %}
            cast(null as {{ type }}) as {{ column }}
            {%- endif %}
            {%- endfor %}
{%- endmacro %}


{% macro estimate_places(estimates) -%}
    {#- Query: which place of `estimate_choices()` is computed for which task. -#}
    {%- set rows = [] -%}
    {%- for estimate in estimates -%}
        {%- set place = loop.index -%}
        {%- for task in estimate.tasks -%}
            {%- do rows.append('select ' ~ place ~ " as place, '" ~ task ~ "' as task") -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ rows | join(' union all ') }}
{%- endmacro %}


{% macro interval_columns() -%}
    {#- The 95 % interval of an estimate that has either bounds or a standard error. -#}
    case when metric_value is not null then coalesce(lower_bound, metric_value - 1.959963984540054e0 * standard_error) end as lower_bound,
        case when metric_value is not null then coalesce(upper_bound, metric_value + 1.959963984540054e0 * standard_error) end as upper_bound
{%- endmacro %}
