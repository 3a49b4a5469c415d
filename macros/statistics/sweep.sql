{% macro sweep(name, matrix, key, p) %}{{ return(adapter.dispatch('sweep', 'ml_monitor')(name, matrix, key, p)) }}{% endmacro %}


{% macro default__sweep(name, matrix, key, p) %}
    {#- CTE `<name>`: the inverse of correlation matrices given as rows (key, i, j, value), both halves, by symmetric sweeps (Goodnight 1979).
        A feature that those before it explain to 1 - 1e-8 is passed over, so a singular matrix gives the inverse of its independent part and
        nothing is divided by zero. Each step reads the one before it once. -#}
    {{ name }}_0 as (
        select {{ key }}, i, j, value from {{ matrix }}
    ),
    {%- for k in range(1, p + 1) %}

    {{ name }}_pivots_{{ k }} as (
        select {{ key }}, i, j, value,
            max(case when j = {{ k }} then value end) over (partition by {{ key }}, i) as beside,
            max(case when i = {{ k }} then value end) over (partition by {{ key }}, j) as above,
            max(case when i = {{ k }} and j = {{ k }} then value end) over (partition by {{ key }}) as pivot_value
        from {{ name }}_{{ k - 1 }}
    ),

    {{ name }}_{{ k }} as (
        select {{ key }}, i, j,
            case
                when pivot_value is null or pivot_value < 1e-8 then value
                when i = {{ k }} and j = {{ k }} then -1 / pivot_value
                when i = {{ k }} or j = {{ k }} then value / pivot_value
                else value - beside * above / pivot_value
            end as value
        from {{ name }}_pivots_{{ k }}
    ),
    {%- endfor %}

    {{ name }}_swept as (
        {#- the diagonal of an inverse correlation matrix is 1 or more, and negative here; where no pivot was used it is about 0 #}
        select {{ key }}, i, j, value,
            min(case when i = j then value end) over (partition by {{ key }}, i) as diagonal_i,
            min(case when i = j then value end) over (partition by {{ key }}, j) as diagonal_j
        from {{ name }}_{{ p }}
    ),

    {{ name }} as (
        select {{ key }}, i, j, -value as value from {{ name }}_swept where diagonal_i < -0.5e0 and diagonal_j < -0.5e0
    )
{% endmacro %}
