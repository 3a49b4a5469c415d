{% macro numeric_bin_counts(spec, counts, bins, keys) %}
    {#- The wide counts turned into one row per bin; the total row of a feature also carries its moments. -#}
    select
        {%- for key in keys + ['segment', 'segment_value'] %}
        wide.{{ key }},
        {%- endfor %}
        bins.feature,
        bins.bin,
        cast(null as {{ dbt.type_string() }}) as category,
        case
            when bins.bin = 0 then wide.n_rows
            {%- for variable in spec.variables if variable.type == 'numeric' %}
            when bins.feature = {{ ml_monitor.literal(variable.name) }} then {{ ml_monitor._count_of_bin(spec.variables.index(variable) + 1, spec.bins) }}
            {%- endfor %}
        end as n,
        {%- for output, column in {'value_sum': 'sum', 'value_sum_squares': 'sum_squares', 'value_min': 'low', 'value_max': 'high', 'n_below': 'below', 'n_above': 'above', 'n_valid': 'valid'}.items() %}
        case
            when bins.bin <> 0 then cast(null as {{ 'bigint' if column in ['below', 'above', 'valid'] else ml_monitor.type_double() }})
            {%- for variable in spec.variables if variable.type == 'numeric' %}
            when bins.feature = {{ ml_monitor.literal(variable.name) }} then wide.x{{ spec.variables.index(variable) + 1 }}_{{ column }}
            {%- endfor %}
        end as {{ output }},
        {%- endfor %}
        case
            when bins.bin <> 0 then null
            {%- for variable in spec.variables if variable.bounds %}
            when bins.feature = {{ ml_monitor.literal(variable.name) }} then wide.x{{ spec.variables.index(variable) + 1 }}_outside
            {%- endfor %}
            else cast(null as bigint)
        end as n_out_of_bounds
    from {{ counts }} as wide
    cross join {{ bins }} as bins
    where bins.bin = 0 or bins.feature_type = 'numeric'
{% endmacro %}


{% macro _count_of_bin(i, bins) %}
    {%- set x = 'wide.x' ~ i ~ '_' -%}
    case bins.bin when 1 then {{ x }}n1
        {%- for slot in range(2, bins) %} when {{ slot }} then {{ x }}n{{ slot }} - {{ x }}n{{ slot - 1 }}{% endfor %} when {{ bins }} then {{ x }}valid - {{ x }}n{{ bins - 1 }} when -1 then wide.n_rows - {{ x }}present when -2 then {{ x }}present - {{ x }}valid end
{%- endmacro %}
