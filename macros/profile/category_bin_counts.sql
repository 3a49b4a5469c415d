{% macro category_counts(spec, rows, keys) %}
    {#- Every categorical column counted in one pass: a grouping set per column (and per segment). -#}
    {%- set columns = [] -%}
    {%- for variable in spec.variables if variable.type == 'categorical' -%}
        {%- do columns.append('c' ~ (spec.variables.index(variable) + 1)) -%}
    {%- endfor %}
    select
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        {{- ml_monitor.segment_columns(spec.segments) }},
        case
            {%- for variable in spec.variables if variable.type == 'categorical' %}
            when grouping(c{{ spec.variables.index(variable) + 1 }}) = 0 then {{ ml_monitor.literal(variable.name) }}
            {%- endfor %}
        end as feature,
        {#- columns outside the grouping set are NULL #}
        coalesce({{ columns | join(', ') }}{{ ', null' if columns | length == 1 }}) as category,
        count(*) as n
    from {{ rows }}
    {{ ml_monitor.grouping_keys(keys, spec.segments, columns) }}
{% endmacro %}


{% macro category_bin_counts(counts, bins, keys, minimum_cell=1) %}
    {#- Categories put into their frozen bins. Unseen ones keep their name, the 20 most frequent of a window: people ask which. None
        of fewer rows than `minimum_cell` does. -#}
    {%- set is_nameless = 'frequency_rank > 20' ~ (' or n < ' ~ minimum_cell if minimum_cell > 1 else '') -%}
    select
        {%- for key in keys + ['segment', 'segment_value', 'feature', 'bin'] %}
        {{ key }},
        {%- endfor %}
        case when bin = {{ ml_monitor.bin_codes().unseen }} and ({{ is_nameless }}) then '__more__' else category end as category,
        sum(n) as n
    from (
        select
            {%- for key in keys + ['segment', 'segment_value', 'feature', 'category'] %}
            counted.{{ key }},
            {%- endfor %}
            counted.n,
            coalesce(bins.bin, case when counted.category is null then {{ ml_monitor.bin_codes().missing }} else {{ ml_monitor.bin_codes().unseen }} end) as bin,
            row_number() over (
                partition by {% for key in keys %}counted.{{ key }}, {% endfor %}counted.segment, counted.segment_value, counted.feature, case when bins.bin is null and counted.category is not null then 1 else 0 end
                order by counted.n desc, counted.category
            ) as frequency_rank
        from {{ counts }} as counted
        left join {{ bins }} as bins
            on bins.feature = counted.feature and bins.category = counted.category
    ) as ranked
    group by {% for key in keys + ['segment', 'segment_value', 'feature', 'bin'] %}{{ key }}, {% endfor %}
        case when bin = {{ ml_monitor.bin_codes().unseen }} and ({{ is_nameless }}) then '__more__' else category end
{% endmacro %}
