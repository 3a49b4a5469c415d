{{ config(
    enabled=ml_monitor.any_multivariate(),
    materialized='incremental',
    on_schema_change='append_new_columns',
    sql_header=ml_monitor.sql_header(),
    **ml_monitor.replacing(['moment_set_id'])
) }}

{#- What the principal components of each reference leave over: the projection on the rest, frozen with the reference. -#}

with

reference_moments as (
    select moments.moment_set_id, moments.monitor, moments.i, moments.j, moments.product_sum
    from {{ ref('ml_monitor__feature_moments') }} as moments
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = moments.monitor and monitors.moment_set_id = moments.moment_set_id
    where moments.part = 'reference'
        {%- if is_incremental() %}
        and not exists (select 1 from {{ this }} as known where known.moment_set_id = moments.moment_set_id)
        {%- endif %}
),

places as (
    {{ ml_monitor.places(1, ml_monitor.most_multivariate_features()) }}
),

{{ ml_monitor.moment_vectors('reference', 'reference_moments', 'moment_set_id') }},

varying as (
    {#- Constants have no correlation: they are left out, and the others numbered without gaps. #}
    select *,
        row_number() over (partition by moment_set_id order by i) as place,
        count(*) over (partition by moment_set_id) as n_varying
    from reference_vectors
    where deviation is not null
),

correlations as (
    select sums.moment_set_id, side_i.n_varying, side_i.place as i, side_j.place as j,
        case when sums.i = sums.j then 1 else {{ ml_monitor.moment_covariance('sums.product_sum', 'sums.n', 'side_i.mean', 'side_j.mean') }} / (side_i.deviation * side_j.deviation) end as correlation
    from reference_placed as sums
    inner join varying as side_i on side_i.moment_set_id = sums.moment_set_id and side_i.i = sums.i
    inner join varying as side_j on side_j.moment_set_id = sums.moment_set_id and side_j.i = sums.j
),

both_halves as (
    select moment_set_id, n_varying, i, j, correlation from correlations
    union all
    select moment_set_id, n_varying, j, i, correlation from correlations where i < j
),

row_sums as (
    select *, sum(abs(correlation)) over (partition by moment_set_id, i) as row_sum from both_halves
),

bounded as (
    {#- No eigenvalue is larger than the largest row sum. More than 65 % of the components are never needed for 65 % of the variance. #}
    select row_sums.moment_set_id, places.place as k, row_sums.n_varying as n, row_sums.i, row_sums.j,
        row_sums.correlation / max(row_sums.row_sum) over (partition by row_sums.moment_set_id) as value
    from row_sums
    inner join places on places.place < 1 + 0.65e0 * row_sums.n_varying
),

{{ ml_monitor.spectral_projection('projection', 'bounded', 'moment_set_id', 48) }},

explained as (
    select projection.moment_set_id, projection.k, max(projection.error) as error, sum(projection.value * both_halves.correlation) / max(both_halves.n_varying) as explained_share
    from projection
    inner join both_halves on both_halves.moment_set_id = projection.moment_set_id and both_halves.i = projection.i and both_halves.j = projection.j
    group by projection.moment_set_id, projection.k
),

chosen as (
    select moment_set_id, k, error, explained_share, row_number() over (partition by moment_set_id order by k) as choice
    from explained
    where explained_share >= 0.65e0 - 1e-12
),

final as (
    select
        varying_i.monitor,
        projection.moment_set_id,
        varying_i.i,
        varying_j.i as j,
        varying_i.mean as mean_i,
        varying_j.mean as mean_j,
        varying_i.deviation as deviation_i,
        varying_j.deviation as deviation_j,
        case when projection.i = projection.j then 1 else 0 end - projection.value as residual_projection,
        chosen.k as n_components,
        chosen.explained_share,
        chosen.error as projection_error
    from projection
    inner join chosen on chosen.moment_set_id = projection.moment_set_id and chosen.k = projection.k and chosen.choice = 1
    inner join (select varying.*, monitors.monitor from varying inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.moment_set_id = varying.moment_set_id) as varying_i
        on varying_i.moment_set_id = projection.moment_set_id and varying_i.place = projection.i
    inner join varying as varying_j on varying_j.moment_set_id = projection.moment_set_id and varying_j.place = projection.j
    where projection.i <= projection.j
)

select * from final
