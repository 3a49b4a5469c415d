{% macro calibration_dispersion() %}
    {#- CTE `dispersion`: how much more the windows of the cohort miss their estimates than independent labels would: the mean squared
        standardised residual, at least 1. Needs `cohort_counts` and `calibrated_bins`. -#}
    cohort_values as (
        select counts.*, bins.task, bins.loss_variance, {{ ml_monitor.calibrated_value('counts.score', 'bins') }} as value
        from cohort_counts as counts
        inner join calibrated_bins as bins
            on {{ ml_monitor.calibration_piece('counts', 'bins') }}
            and bins.class = counts.class
    ),

    cohort_residuals as (
        select monitor, model_version, class, window_number,
            sum(case when prediction = 0 then -1 else 1 end * (total - n * value)) as residual,
            sum(n * case when task <> 'regression' then value * (1 - value) else coalesce(loss_variance, 0) end) as variance
        from cohort_values
        group by monitor, model_version, class, window_number
    ),

    dispersion as (
        select monitor, model_version, class, count(*) as n_windows,
            case when count(*) >= 7 and avg(residual * residual / variance) > 1 then avg(residual * residual / variance) else 1e0 end as dispersion
        from cohort_residuals
        where variance > 0
        group by monitor, model_version, class
    )
{% endmacro %}
