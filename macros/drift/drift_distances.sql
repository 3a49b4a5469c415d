{% macro drift_distances() %}
    {#- CTEs from `bin_shares`: `distances`, one row per comparison, and `completed` with what bins without a row add. -#}
    {%- set keys = 'cell, window_number, span, baseline' -%}
    distances as (
        select
            {{ keys }},
            max(smoothing_floor) as smoothing_floor,
            {%- for kind in ml_monitor.bin_kinds() %}
            {{- ml_monitor.distances(kind) }},
            {%- endfor %}
            max(abs(case when bin > 0 then cumulative_gap end)) as ks,
            {{ ml_monitor.wasserstein(
                'case when bin > 0 then cumulative_gap - window_n / nullif(window_size, 0) + reference_n / nullif(reference_size, 0) end',
                'case when bin > 0 then cumulative_gap end', 'width') }} as wasserstein
        from bin_shares
        group by {{ keys }}
    ),

    {{ ml_monitor.completed_distances() }}
{% endmacro %}


{% macro completed_distances() %}
    {#- CTE `completed`: with what bins without a row add. -#}
    completed as (
        select
            cell, window_number, span, baseline,
            ks,
            wasserstein,
            {%- for kind in ml_monitor.bin_kinds() %}
            window_size{{ kind }},
            reference_size{{ kind }},
            n_bins{{ kind }},
            case when window_size{{ kind }} > 0 and reference_size{{ kind }} > 0 then (n_bins{{ kind }} - 1) * (1e0 / window_size{{ kind }} + 1e0 / reference_size{{ kind }}) end as psi_noise{{ kind }},
            psi{{ kind }} + {{ ml_monitor.absent_bins('psi', kind) }} as psi{{ kind }},
            kl_divergence{{ kind }} + {{ ml_monitor.absent_bins('kl', kind) }} as kl_divergence{{ kind }},
            case when js_divergence{{ kind }} < 0 then 0 else js_divergence{{ kind }} end as js_divergence{{ kind }},
            hellinger{{ kind }},
            total_variation{{ kind }},
            total_variation_noise{{ kind }},
            l_infinity{{ kind }},
            case when l_infinity{{ kind }} > 0 then l_infinity_bin{{ kind }} end as l_infinity_bin{{ kind }},
            chi_squared{{ kind }},
            case when chi_squared{{ kind }} is not null then cast(n_filled{{ kind }} as integer) - 1 end as chi_squared_df{{ kind }},
            {%- endfor %}
            {{ ml_monitor.kolmogorov_smirnov_lambda('ks', 'nullif(window_size, 0)', 'nullif(reference_size, 0)') }} as ks_lambda
        from distances
    )
{% endmacro %}


{% macro distance_columns() %}
    {#- Every distance, test and size of the CTE `completed`. -#}
    {%- set max_df = ml_monitor.largest_df() %}
        {%- for kind in ml_monitor.bin_kinds() %}
        completed.window_size{{ kind }},
        completed.reference_size{{ kind }},
        completed.n_bins{{ kind }},
        completed.psi_noise{{ kind }},
        completed.psi{{ kind }},
        completed.kl_divergence{{ kind }},
        completed.js_divergence{{ kind }},
        sqrt(completed.js_divergence{{ kind }}) as js_distance{{ kind }},
        completed.hellinger{{ kind }},
        completed.total_variation{{ kind }},
        completed.total_variation_noise{{ kind }},
        completed.l_infinity{{ kind }},
        completed.l_infinity_bin{{ kind }},
        completed.chi_squared{{ kind }},
        completed.chi_squared_df{{ kind }},
        {{ ml_monitor.chi_squared_tail('completed.chi_squared' ~ kind, 'completed.chi_squared_df' ~ kind, max_df) }} as chi_squared_p_value{{ kind }},
        sqrt(completed.chi_squared{{ kind }} / (completed.window_size{{ kind }} + completed.reference_size{{ kind }})) as cramers_v{{ kind }},
        {%- endfor %}
        completed.ks,
        {{ ml_monitor.kolmogorov_smirnov_tail('completed.ks_lambda') }} as ks_p_value,
        completed.wasserstein
{%- endmacro %}
