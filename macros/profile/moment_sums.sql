{#- Moments of p features as a matrix of sums of products of (1, z1, … zp): row and column 0 stand for the constant 1, so that (0, 0) is
    the number of complete rows, (0, j) a sum and (i, j) a sum of products. Additive, and all that means and covariances need. -#}

{% macro moment_scales(names, totals) %}
    {#- Mean and standard deviation that values are standardised with, as one wide row. 1 for a constant: nothing to divide by. -#}
    select
        {%- for feature in names %}
            {%- set is_feature = 'case when feature = ' ~ ml_monitor.literal(feature) ~ ' then ' %}
        max({{ is_feature }}centre end) as c{{ loop.index }},
        max({{ is_feature }}case when value_max > value_min and deviation > 0 then deviation else 1 end end) as s{{ loop.index }},
        {%- endfor %}
        count(*) as n_features
    from (
        select feature, centre, value_min, value_max, sqrt({{ ml_monitor.sample_variance('value_sum', 'value_sum_squares', 'n_valid') }}) as deviation
        from {{ totals }}
    ) as spread
    having count(*) > 0
{% endmacro %}


{% macro moment_sums(p, rows, scales, keys) %}
    {#- One scan: a wide row per key. A row with any missing value is counted, and left out of the sums. -#}
    select
        {{ keys | join(', ') }},
        count(*) as n_rows,
        count(z1) as m_0_0
        {%- for i in range(p + 1) %}{% for j in range([i, 1] | max, p + 1) %},
        sum({{ 'z' ~ i ~ ' * ' if i }}z{{ j }}) as m_{{ i }}_{{ j }}
        {%- endfor %}{% endfor %}
    from (
        select
            {{ keys | join(', ') }}
            {%- for i in range(1, p + 1) %},
            case when is_complete = 1 then (x{{ i }} - c{{ i }}) / s{{ i }} end as z{{ i }}
            {%- endfor %}
        from (
            select *,
                case when {% for i in range(1, p + 1) %}x{{ i }} is not null{{ ' and ' if not loop.last }}{% endfor %} then 1 else 0 end as is_complete
            from {{ rows }}
        ) as checked_rows
        cross join {{ scales }}
    ) as standardised
    group by {{ keys | join(', ') }}
{% endmacro %}


{% macro tall_moments(p, sums, keys) %}
    {#- The wide sums as one row per pair i <= j. -#}
    select
        {{ keys | join(', ') }},
        places.i,
        places.j,
        case when places.j = 0 then n_rows else 0 end as n_rows,
        coalesce(case places.i
            {%- for i in range(p + 1) %}
            when {{ i }} then case places.j {% for j in range(i, p + 1) %}when {{ j }} then m_{{ i }}_{{ j }} {% endfor %}end
            {%- endfor %}
        end, 0) as product_sum
    from {{ sums }}
    cross join (
        select row_place.place as i, column_place.place as j
        from ({{ ml_monitor.places(0, p) }}) as row_place
        inner join ({{ ml_monitor.places(0, p) }}) as column_place on column_place.place >= row_place.place
    ) as places
{% endmacro %}


{% macro multivariate_features() %}
    {#- Which feature each place i stands for. -#}
    {%- for spec in ml_monitor.multivariate_monitors() %}
        {%- set last = loop.last %}
        {%- for feature in spec.multivariate %}
        select {{ ml_monitor.literal(spec.name) }} as monitor, {{ loop.index }} as i, {{ ml_monitor.literal(feature) }} as feature{{ ' union all' if not (last and loop.last) }}
        {%- endfor %}
    {%- endfor %}
{% endmacro %}
