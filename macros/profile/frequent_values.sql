{% macro value_counts(spec, rows, keys) %}
    {#- Every numeric column counted by value in one pass: a grouping set per column. Numbers are read after counting, when there are fewer. -#}
    {%- set numbers = [] -%}
    {%- for variable in spec.variables if variable.type == 'numeric' -%}
        {%- do numbers.append({'name': variable.name, 'column': 'raw_' ~ (spec.variables.index(variable) + 1)}) -%}
    {%- endfor -%}
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {%- for output in ['feature', 'value'] %}
        case
            {%- for number in numbers %}
            when grouping({{ number.column }}) = 0 then {{ ml_monitor.literal(number.name) if output == 'feature' else ml_monitor.finite(ml_monitor.to_number(number.column)) }}
            {%- endfor %}
        end as {{ output }},
        {%- endfor %}
        count(*) as n
    from {{ rows }}
    {{ ml_monitor.grouping_keys(keys, [], numbers | map(attribute='column') | list) }}
{%- endmacro %}


{% macro frequent_values(spec, rows, keys, top, share) %}
    {#- The `top` most frequent values of each numeric variable among sampled rows, if they occur twice and in a `share` of them. A variable
        without any has one row with no value: it tells the size of the sample. -#}
    {%- set cell = keys + ['feature'] -%}
    {%- set same_cell -%}{%- for key in cell %}counts.{{ key }} = sampled_sizes.{{ key }} and {% endfor -%}{%- endset -%}
    value_counts as (
        {%- if spec.variables | selectattr('type', 'equalto', 'numeric') | list %}
        {{ ml_monitor.value_counts(spec, rows, keys) }}
        {%- else %}
        select {% for key in keys %}{{ key }}, {% endfor %}'' as feature, cast(null as {{ ml_monitor.type_double() }}) as value, 0 as n from {{ rows }} where 1 = 0
        {%- endif %}
    ),

    sampled_sizes as (
        select {{ cell | join(', ') }}, cast(sum(n) as bigint) as n_valid
        from value_counts
        where value is not null
        group by {{ cell | join(', ') }}
    ),

    recurring_values as (
        select {% for key in cell %}counts.{{ key }}, {% endfor %}counts.value, cast(sum(counts.n) as bigint) as n
        from value_counts as counts
        inner join sampled_sizes on {{ same_cell }} counts.n >= {{ [2, spec.privacy.minimum_cell] | max }} and counts.n >= {{ share }} * sampled_sizes.n_valid
        where counts.value is not null
        group by {% for key in cell %}counts.{{ key }}, {% endfor %}counts.value
    ),

    ranked_values as (
        select *, row_number() over (partition by {{ cell | join(', ') }} order by n desc, value) as frequency_rank
        from recurring_values
    ),

    frequent_values as (
        select {% for key in cell %}sampled_sizes.{{ key }}, {% endfor %}counts.value, coalesce(counts.n, 0) as n, sampled_sizes.n_valid
        from sampled_sizes
        left join ranked_values as counts on {{ same_cell }} counts.frequency_rank <= {{ top }}
    )
{% endmacro %}
