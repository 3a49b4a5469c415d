{{ config(**dict(ml_monitor.metric_config(), enabled=ml_monitor.any_multivariate())) }}

with

{{ ml_monitor.multivariate_moments() }},

components as (
    select components.* from {{ ref('ml_monitor__components') }} as components
    inner join monitors on monitors.moment_set_id = components.moment_set_id
),

features as (
    {{ ml_monitor.multivariate_features() }}
),

{%- if ml_monitor.repeats_ctes() %}

compared_sums as (
    select sums.*
    from {{ ref('ml_monitor__multivariate_sums') }} as sums
    inner join stale_windows on stale_windows.monitor = sums.monitor and stale_windows.window_number = sums.window_number
),

versions as (
    select distinct cell, model_version from compared_sums
),
{%- else %}

{{ ml_monitor.stretched_moments() }},

{{ ml_monitor.compared_sums() }},
{%- endif %}

{{ ml_monitor.moment_vectors('window', 'compared_sums', 'comparison') }},

{{ ml_monitor.base_inverses() }},

{{ ml_monitor.compared_pairs() }},

distances as (
    select
        comparison,
        sum(squared_distance) as squared_distance,
        sum(residual) as residual,
        sum(base_residual) as reference_residual,
        max(n_components) as n_components,
        max(projection_error) as projection_error,
        count(correlation_gap) as n_pairs,
        max(case when correlation_place = 1 then i end) as pair_i,
        max(case when correlation_place = 1 then j end) as pair_j,
        max(case when correlation_place = 1 then correlation end) as correlation,
        max(case when correlation_place = 1 then base_correlation end) as reference_correlation,
        max(case when correlation_place = 1 then abs(correlation_gap) end) as correlation_change,
        max(case when shift_place = 1 then i end) as shift_i,
        max(case when shift_place = 1 then shift end) as largest_shift
    from compared_pairs
    group by comparison
),

compared as (
    select
        comparison, base, cell, monitor, window_number, span,
        max(case when i = 0 and j = 0 then product_sum end) as window_size,
        max(n_rows) as window_rows,
        max(case when i = 0 and j = 0 then base_sum end) as reference_size
    from compared_sums
    group by comparison, base, cell, monitor, window_number, span
),

measured as (
    select
        compared.*,
        distances.residual,
        distances.reference_residual,
        distances.n_components,
        distances.projection_error,
        distances.n_pairs,
        distances.pair_i,
        distances.pair_j,
        distances.correlation,
        distances.reference_correlation,
        distances.correlation_change,
        distances.shift_i,
        distances.largest_shift,
        coalesce(cast(base_sizes.n_features as integer), 0) as n_features,
        {#- rounding may leave a little below zero #}
        case when distances.squared_distance is not null then {{ ml_monitor.non_negative('distances.squared_distance') }} end as squared_distance,
        compared.window_size * compared.reference_size / nullif(compared.window_size + compared.reference_size, 0) as harmonic_size
    from compared
    inner join distances on distances.comparison = compared.comparison
    left join base_sizes on base_sizes.base = compared.base
),

scaled as (
    select *,
        harmonic_size * squared_distance as hotelling_t2,
        cast(reference_size - n_features as integer) as df2,
        {#- p F with p and m - p degrees of freedom: the covariance is that of the reference's m rows alone #}
        case when n_features > 0 and reference_size > n_features then harmonic_size * squared_distance * (reference_size - n_features) / (reference_size - 1) end as f_value,
        case when window_size > 3 and reference_size > 3 then
            abs({{ ml_monitor.fisher_z('correlation') }} - {{ ml_monitor.fisher_z('reference_correlation') }}) / sqrt(1e0 / (window_size - 3) + 1e0 / (reference_size - 3))
        end as fisher_z
    from measured
),

rooted as (
    select *, case when df2 > 0 and f_value >= 0 then {{ ml_monitor.t_root('f_value', 'df2') }} end as t_root from scaled
),

scored as (
    select *, {{ ml_monitor.t_normal_score('t_root', 'df2') }} as t_score, 2 * n_pairs * {{ ml_monitor.normal_tail('fisher_z') }} as bonferroni_p
    from rooted
),

final as (
    select
        scored.monitor,
        versions.model_version,
        '__all__' as segment,
        '__all__' as segment_value,
        stale_windows.window_start,
        stale_windows.window_end,
        scored.span,
        scored.window_rows,
        scored.window_size,
        scored.window_size / scored.window_rows as complete_share,
        scored.reference_size,
        scored.n_features,
        scored.hotelling_t2,
        {{ ml_monitor.f_tail('scored.f_value', 'scored.n_features', 'scored.df2', 'scored.t_score', ml_monitor.most_multivariate_features()) }} as hotelling_p_value,
        case when scored.reference_size > scored.n_features + 2 then scored.n_features * (scored.reference_size - 1) / (scored.reference_size - scored.n_features - 2) end as hotelling_noise,
        sqrt(scored.squared_distance) as mahalanobis,
        shifted.feature as largest_shift_feature,
        scored.largest_shift,
        scored.correlation_change,
        case when scored.bonferroni_p > 1 then 1 else scored.bonferroni_p end as correlation_p_value,
        first_of_pair.feature as correlation_feature,
        second_of_pair.feature as correlation_with,
        scored.correlation,
        scored.reference_correlation,
        scored.n_components,
        scored.projection_error,
        scored.residual,
        scored.reference_residual,
        case when scored.reference_residual > 1e-9 and scored.residual is not null then {{ ml_monitor.non_negative('scored.residual') }} / scored.reference_residual end as reconstruction_error,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from scored
    inner join versions on versions.cell = scored.cell
    inner join stale_windows on stale_windows.monitor = scored.monitor and stale_windows.window_number = scored.window_number
    left join features as shifted on shifted.monitor = scored.monitor and shifted.i = scored.shift_i and scored.largest_shift is not null
    left join features as first_of_pair on first_of_pair.monitor = scored.monitor and first_of_pair.i = scored.pair_i and scored.correlation_change is not null
    left join features as second_of_pair on second_of_pair.monitor = scored.monitor and second_of_pair.i = scored.pair_j and scored.correlation_change is not null
    where scored.window_rows > 0
)

select * from final
