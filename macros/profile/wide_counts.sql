{% macro bin_edges(spec, bins) %}
    {#- The frozen edges as one wide row. Edges come from a table by join, so compiling asks the warehouse nothing.
        Slots that a feature does not use hold the largest double: nothing lies above it. -#}
    {%- set slots = range(1, spec.bins) %}
    {%- set columns = ['centre', 'lowest', 'highest'] %}
    {%- for slot in slots %}{% do columns.append('e' ~ slot) %}{% endfor %}
    select
        {%- for variable in spec.variables if variable.type == 'numeric' %}
            {%- set i = spec.variables.index(variable) + 1 %}
            {%- for column in columns %}
        max(case when feature = {{ ml_monitor.literal(variable.name) }} then {{ column }} end) as x{{ i }}_{{ column }},
            {%- endfor %}
        {%- endfor %}
        count(*) as n_features
    from (
        select
            feature,
            {%- for slot in slots %}
            coalesce(max(case when bin = {{ slot }} then upper_bound end), cast(1.7976931348623157e308 as {{ ml_monitor.type_double() }})) as e{{ slot }},
            {%- endfor %}
            max(case when bin = 0 then centre end) as centre,
            max(case when bin = 0 then value_min end) as lowest,
            max(case when bin = 0 then value_max end) as highest
        from {{ bins }}
        group by feature
    ) as features
{% endmacro %}


{% macro wide_counts(spec, rows, edges, keys) %}
    {#- One scan: rows up to and including each edge. Counts of a bin are differences of neighbours. -#}
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {{- ml_monitor.segment_columns(spec.segments) }},
        {%- for variable in spec.variables if variable.type == 'numeric' %}
            {%- set i = spec.variables.index(variable) + 1 %}
        count(present_{{ i }}) as x{{ i }}_present,
        count(x{{ i }}) as x{{ i }}_valid,
            {%- for slot in range(1, spec.bins) %}
        count(case when x{{ i }} <= x{{ i }}_e{{ slot }} then 1 end) as x{{ i }}_n{{ slot }},
            {%- endfor %}
        sum(x{{ i }} - x{{ i }}_centre) as x{{ i }}_sum,
        sum((x{{ i }} - x{{ i }}_centre) * (x{{ i }} - x{{ i }}_centre)) as x{{ i }}_sum_squares,
        min(x{{ i }}) as x{{ i }}_low,
        max(x{{ i }}) as x{{ i }}_high,
        count(case when x{{ i }} < x{{ i }}_lowest then 1 end) as x{{ i }}_below,
        count(case when x{{ i }} > x{{ i }}_highest then 1 end) as x{{ i }}_above,
        {%- endfor %}
        {%- for variable in spec.variables if variable.bounds %}
        count(case when {{ ml_monitor.out_of_bounds(spec, variable) }} then 1 end) as x{{ spec.variables.index(variable) + 1 }}_outside,
        {%- endfor %}
        count(*) as n_rows
    from {{ rows }}
    cross join {{ edges }}
    {{ ml_monitor.grouping_keys(keys, spec.segments) }}
{% endmacro %}


{% macro out_of_bounds(spec, variable) %}
    {#- Condition: a value outside what the user declared. NULL is not: it is missing. -#}
    {%- set i = spec.variables.index(variable) + 1 -%}
    {%- set bounds = variable.bounds -%}
    {%- if bounds.allowed is defined -%}
    c{{ i }} not in ({% for value in bounds.allowed %}{{ ml_monitor.category_value(spec, variable.column, ml_monitor.literal(value)) if spec.privacy.hash_categories else ml_monitor.literal(value) }}{{ ', ' if not loop.last }}{% endfor %})
    {%- else -%}
        {%- set sides = [] -%}
        {%- for option, comparison in {'min': '<', 'max': '>'}.items() if bounds[option] is defined -%}
            {%- do sides.append('x' ~ i ~ ' ' ~ comparison ~ ' cast(' ~ bounds[option] ~ ' as ' ~ ml_monitor.type_double() ~ ')') -%}
        {%- endfor -%}
    {{ sides | join(' or ') }}
    {%- endif -%}
{% endmacro %}
