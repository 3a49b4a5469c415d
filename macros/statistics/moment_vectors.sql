{% macro moment_vectors(name, sums, key, product_sum='product_sum') %}
    {#- CTEs from sums of products (key, i <= j, product_sum): `<name>_placed`, the sums with n beside each, and `<name>_vectors` with mean and variance of
        each feature. What is left of a constant's variance after rounding is no variance: below 1e-10 of the mean square. -#}
    {{ name }}_placed as (
        select {{ key }}, i, j, {{ product_sum }} as product_sum, max(case when i = 0 and j = 0 then {{ product_sum }} end) over (partition by {{ key }}) as n
        from {{ sums }}
    ),

    {{ name }}_raw_vectors as (
        select {{ key }}, j as i, max(n) as n, max(case when i = 0 then product_sum end) as total, max(case when i = j then product_sum end) as squares
        from {{ name }}_placed
        where j > 0 and (i = 0 or i = j)
        group by {{ key }}, j
    ),

    {{ name }}_means as (
        select {{ key }}, i, n, squares, total / nullif(n, 0) as mean, {{ ml_monitor.sample_variance('total', 'squares', 'n') }} as variance
        from {{ name }}_raw_vectors
    ),

    {{ name }}_vectors as (
        select {{ key }}, i, n, mean, variance, case when variance > 1e-10 * squares / nullif(n, 0) then sqrt(variance) end as deviation
        from {{ name }}_means
    )
{% endmacro %}


{% macro moment_covariance(product_sum, n, mean_i, mean_j) %}
    {#- Sample covariance from a sum of products. -#}
    ({{ product_sum }} - {{ n }} * {{ mean_i }} * {{ mean_j }}) / nullif({{ n }} - 1, 0)
{%- endmacro %}
