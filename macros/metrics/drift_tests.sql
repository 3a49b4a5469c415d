{% macro drift_tests(rows) %}
    {#- What a PSI says at its sample size. With s = (1/N + 1/M) x dispersion and k bins, PSI / s is chi-squared with k - 1 degrees of
        freedom when nothing has drifted, and non-central with tau / s when the true PSI is tau (Yurdakul and Naranjo 2020). So:
        p_no_drift, and for each threshold the p-value of "the true PSI is no larger". Adds the least PSI found four times in five, and
        the mean shift in standard deviations that a normal feature would show. -#}
    scaled as (
        select {{ rows }}.*,
            case when noise_floor > 0 then metric_value / noise_floor end as drift_ratio,
            case when metric_value > 0 and metric in ('{{ ml_monitor.psi_metrics() | join("', '") }}') then sqrt(metric_value) end as equivalent_sigma,
            case when test = 'material' and n_bins > 1 then cast(n_bins as integer) - 1 end as df,
            case when test = 'material' and n_bins > 1 and noise_floor > 0 then noise_floor / (n_bins - 1) * dispersion end as scale
        from {{ rows }}
    ),

    statistics as (
        select scaled.*,
            metric_value / scale as chi_squared,
            {%- for level in ['warn', 'alert'] %}
            case when metric_value > 0 and {{ level }}_threshold > 0 then {{ level }}_threshold / scale end as lambda_{{ level }},
            {%- endfor %}
            scale * ({{ ml_monitor.detectable_noncentrality('df', 'alpha') }}) as minimum_detectable
        from scaled
    ),

    z_scores as (
        select statistics.*,
            {%- for level in ['warn', 'alert'] %}
            {{ ml_monitor.noncentral_chi_squared_tail_z('chi_squared', 'df', 'lambda_' ~ level) }} as z_{{ level }}{{ ',' if not loop.last }}
            {%- endfor %}
        from statistics
    ),

    p_values as (
        select z_scores.*,
            {{ ml_monitor.chi_squared_tail('chi_squared', 'df', ml_monitor.largest_df()) }} as p_no_drift,
            {#- What is too small to be judged is no test of its family: it would only make the others less sure. #}
            {%- for level in ['warn', 'alert'] %}
            case when sample_size >= min_rows and reference_size >= min_rows and window_end >= first_full_span_end
                then {{ ml_monitor.normal_tail('z_' ~ level) }} end as p_{{ level }}{{ ',' if not loop.last }}
            {%- endfor %}
        from z_scores
    ),

    corrected_warn as (
        {{ ml_monitor.benjamini_hochberg('p_values', 'p_warn', 'monitor, window_start, span, metric') }}
    ),

    drift_tests as (
        {{ ml_monitor.benjamini_hochberg('corrected_warn', 'p_alert', 'monitor, window_start, span, metric') }}
    )
{% endmacro %}
