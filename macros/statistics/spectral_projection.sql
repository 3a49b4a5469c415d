{% macro spectral_projection(name, matrix, key, steps) %}{{ return(adapter.dispatch('spectral_projection', 'ml_monitor')(name, matrix, key, steps)) }}{% endmacro %}


{% macro default__spectral_projection(name, matrix, key, steps) %}
    {#- CTE `<name>`: for every number k of components the projection on the k leading eigenvectors of matrices given as rows
        (key, k, n, i, j, value): both halves, i and j from 1 to n, eigenvalues from 0 to 1. Second-order spectral projection (Niklasson
        2002): square the matrix, or mirror the square, whichever brings the trace nearer to k; large eigenvalues become 1 and
        small ones 0, without an eigenvector and whatever their sign or multiplicity. Each step is one product of matrices and reads the
        step before it once. `error`: trace(P - P P), 0 for a projection. -#}
    {{ name }}_0 as (
        select {{ key }}, k, n, i, j, value from {{ matrix }}
    ),
    {%- for step in range(1, steps + 1) %}

    {{ ml_monitor._squared(name ~ '_squared_' ~ step, name ~ '_' ~ (step - 1), key) }},

    {{ name }}_{{ step }} as (
        select {{ key }}, k, n, i, j,
            case
                when trace - trace_of_square < 1e-13 then value
                when abs(trace_of_square - k) <= abs(2 * trace - trace_of_square - k) then square
                else 2 * value - square
            end as value
        from {{ name }}_squared_{{ step }}
    ),
    {%- endfor %}

    {{ ml_monitor._squared(name ~ '_checked', name ~ '_' ~ steps, key) }},

    {{ name }} as (
        select {{ key }}, k, i, j, value, abs(trace - trace_of_square) as error from {{ name }}_checked
    )
{% endmacro %}


{% macro _squared(name, matrix, key) %}
    {#- A symmetric matrix times itself: row (i, l) meets the value of (j, l) by a window, so that the matrix is read once. -#}
    {{ name }}_terms as (
        select {{ key }}, k, n, i, j as l, places.place as j, value, max(case when i = places.place then value end) over (partition by {{ key }}, k, j, places.place) as other
        from {{ matrix }}
        inner join places on places.place <= n
    ),

    {{ name }} as (
        select {{ key }}, k, n, i, j, max(case when l = j then value end) as value, sum(value * other) as square,
            sum(max(case when l = j and i = j then value end)) over (partition by {{ key }}, k) as trace,
            sum(case when i = j then sum(value * other) end) over (partition by {{ key }}, k) as trace_of_square
        from {{ name }}_terms
        group by {{ key }}, k, n, i, j
    )
{% endmacro %}
