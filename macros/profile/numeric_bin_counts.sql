{% macro numeric_bin_counts(spec, counts, bins, keys) %}
    {#- The wide counts turned into one row per bin; the total row of a feature also carries its moments. -#}
    {%- set moments = ['value_sum', 'value_sum_squares', 'value_min', 'value_max', 'n_below', 'n_above', 'n_valid', 'n_out_of_bounds'] %}
    select
        {%- for key in keys + ['segment', 'segment_value', 'feature'] %}
        features.{{ key }},
        {%- endfor %}
        bins.bin,
        cast(null as {{ dbt.type_string() }}) as category,
        case bins.bin
            when 0 then features.n_rows
            when 1 then features.n1
            {%- for slot in range(2, spec.bins) %}
            when {{ slot }} then features.n{{ slot }} - features.n{{ slot - 1 }}
            {%- endfor %}
            when {{ spec.bins }} then features.n_valid - features.n{{ spec.bins - 1 }}
            when -1 then features.n_rows - features.n_present
            when -2 then features.n_present - features.n_valid
        end as n,
        {%- for column in moments %}
        case when bins.bin = 0 then features.{{ column }} end as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {{ ml_monitor.feature_totals(spec, counts, keys) }}
    ) as features
    inner join {{ bins }} as bins on bins.feature = features.feature
    where bins.bin = 0 or bins.feature_type = 'numeric'
{% endmacro %}


{% macro feature_totals(spec, counts, keys) %}
    {#- The wide counts as one row per feature. By feature first and by bin afterwards: by both at once a row would go through
        as many comparisons as there are features, for each of its bins. -#}
    {%- set double = ml_monitor.type_double() -%}
    {%- set outputs = {'n_present': ['present', 'bigint'], 'n_valid': ['valid', 'bigint'], 'n_below': ['below', 'bigint'], 'n_above': ['above', 'bigint'],
        'value_sum': ['sum', double], 'value_sum_squares': ['sum_squares', double], 'value_min': ['low', double], 'value_max': ['high', double]} -%}
    {%- for slot in range(1, spec.bins) -%}{%- do outputs.update({'n' ~ slot: ['n' ~ slot, 'bigint']}) -%}{%- endfor %}
    select
        {%- for key in keys + ['segment', 'segment_value'] %}
        wide.{{ key }},
        {%- endfor %}
        numbered.feature,
        {%- for output, column in outputs.items() %}
        {{ ml_monitor.of_feature(spec, spec.variables | selectattr('type', 'equalto', 'numeric'), column[0], column[1]) }} as {{ output }},
        {%- endfor %}
        {{ ml_monitor.of_feature(spec, spec.variables | selectattr('bounds'), 'outside', 'bigint') }} as n_out_of_bounds,
        wide.n_rows
    from {{ counts }} as wide
    cross join (
        {{ ml_monitor.numbered_features(spec) }}
    ) as numbered
{% endmacro %}


{% macro of_feature(spec, variables, column, type) %}
    {#- The wide column of the feature at hand, one of the variables. -#}
    case numbered.i when 0 then cast(null as {{ type }})
        {%- for variable in variables %}{% set i = spec.variables.index(variable) + 1 %} when {{ i }} then wide.x{{ i }}_{{ column }}{% endfor %} end
{%- endmacro %}


{% macro numbered_features(spec) %}
    {#- The monitored variables by their number in the wide columns. -#}
    {%- set rows = [] -%}
    {%- for variable in spec.variables -%}
        {%- do rows.append({'i': loop.index, 'feature': ml_monitor.literal(variable.name), 'feature_type': ml_monitor.literal(variable.type)}) -%}
    {%- endfor -%}
    {{ ml_monitor.constant_rows(rows) }}
{%- endmacro %}
