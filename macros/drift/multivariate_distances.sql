{% macro base_inverses() %}
    {#- CTEs up to `base_sizes`: the inverse of the correlation matrix of every baseline. -#}
    base_sums as (
        select base, i, j, max(base_sum) as product_sum from compared_sums group by base, i, j
    ),

    {{ ml_monitor.moment_vectors('base', 'base_sums', 'base') }},

    base_correlations as (
        select sums.base, sums.i, sums.j,
            case
                when sums.i = sums.j then 1
                else {{ ml_monitor.moment_covariance('sums.product_sum', 'sums.n', 'side_i.mean', 'side_j.mean') }} / (side_i.deviation * side_j.deviation)
            end as value
        from base_placed as sums
        inner join base_vectors as side_i on side_i.base = sums.base and side_i.i = sums.i and side_i.deviation > 0
        inner join base_vectors as side_j on side_j.base = sums.base and side_j.i = sums.j and side_j.deviation > 0
    ),

    base_matrices as (
        select base, i, j, value from base_correlations
        union all
        select base, j, i, value from base_correlations where i < j
    ),

    {{ ml_monitor.sweep('inverse', 'base_matrices', 'base', ml_monitor.most_multivariate_features()) }},

    base_sizes as (
        select base, count(*) as n_features from inverse where i = j group by base
    )
{% endmacro %}


{% macro compared_pairs() %}
    {#- One row per comparison and pair of features, i <= j: what each adds to T2 and to the residuals, and both correlations. Values are
        standardised by the frozen components' own mean and deviation before they are projected. -#}
    {%- set twice = 'case when sums.i = sums.j then 1 else 2 end' %}
    pair_values as (
        select sums.comparison, sums.monitor, sums.i, sums.j,
            {{ twice }} * inverse.value * (mean_i.mean - base_i.mean) / base_i.deviation * (mean_j.mean - base_j.mean) / base_j.deviation as squared_distance,
            (mean_i.mean - base_i.mean) / base_i.deviation as shift,
            {{ twice }} * components.residual_projection * {{ ml_monitor.moment_about('sums.product_sum', 'mean_i.n', 'mean_i.mean', 'mean_j.mean') }} as residual,
            {{ twice }} * components.residual_projection * {{ ml_monitor.moment_about('sums.base_sum', 'base_i.n', 'base_i.mean', 'base_j.mean') }} as base_residual,
            components.n_components,
            components.projection_error,
            case when sums.i < sums.j then {{ ml_monitor.correlation('sums.product_sum', 'mean') }} end as correlation,
            case when sums.i < sums.j then {{ ml_monitor.correlation('sums.base_sum', 'base') }} end as base_correlation
        from compared_sums as sums
        inner join window_vectors as mean_i on mean_i.comparison = sums.comparison and mean_i.i = sums.i
        inner join window_vectors as mean_j on mean_j.comparison = sums.comparison and mean_j.i = sums.j
        inner join base_vectors as base_i on base_i.base = sums.base and base_i.i = sums.i
        inner join base_vectors as base_j on base_j.base = sums.base and base_j.i = sums.j
        left join inverse on inverse.base = sums.base and inverse.i = sums.i and inverse.j = sums.j
        left join components on components.monitor = sums.monitor and components.i = sums.i and components.j = sums.j
    ),

    compared_pairs as (
        select *,
            correlation - base_correlation as correlation_gap,
            row_number() over (partition by comparison order by case when i < j then abs(correlation - base_correlation) end desc nulls last, i, j) as correlation_place,
            row_number() over (partition by comparison order by case when i = j then abs(shift) end desc nulls last, i, j) as shift_place
        from pair_values
    )
{% endmacro %}


{% macro moment_about(product_sum, n, mean_i, mean_j) %}
    {#- Mean product of values standardised by the components' mean and deviation. -#}
    ({{ product_sum }} / nullif({{ n }}, 0) - {{ mean_i }} * components.mean_j - {{ mean_j }} * components.mean_i + components.mean_i * components.mean_j) / (components.deviation_i * components.deviation_j)
{%- endmacro %}


{% macro correlation(product_sum, side) %}
    {#- Pearson's r; NULL when one of the two is constant. -#}
    {{ ml_monitor.moment_covariance(product_sum, side ~ '_i.n', side ~ '_i.mean', side ~ '_j.mean') }} / ({{ side }}_i.deviation * {{ side }}_j.deviation)
{%- endmacro %}
