{#- Whether the probability of each class is as often right as it says: the class against all others, in ten bands of its own probability. -#}

{% macro class_calibration() %}
    {#- CTEs up to `class_calibration`, of every class with scores, and `class_calibration_averages`, their means (Kull et al. 2019). -#}
    {{ ml_monitor.class_bands() }},

    class_sums_of_bands as (
        select cell, window_number, span, class,
            sum(positives + negatives) as n_scored,
            sum(positives) as n_positives,
            sum(sum_score) as sum_score,
            sum(sum_squared_score) as sum_squared_score,
            sum(sum_positive_score) as sum_positive_score,
            sum(sum_squared_error) as sum_squared_error,
            sum(abs(sum_score - positives)) / sum(positives + negatives) as expected_calibration_error,
            sum(positives) / nullif(sum(sum_score), 0) as observed_to_expected
        from class_bands
        group by cell, window_number, span, class
    ),

    class_calibration as (
        select class_sums_of_bands.*, {{ ml_monitor.class_calibration_errors() }}
        from class_sums_of_bands
    ),

    class_calibration_averages as (
        select cell, window_number, span,
            avg(expected_calibration_error) as macro_expected_calibration_error,
            avg(expected_calibration_error_error) as macro_expected_calibration_error_error
        from class_calibration
        group by cell, window_number, span
    )
{%- endmacro %}


{% macro class_bands() %}
    {%- set keys = 'cell, window_number, span, class, ' ~ ml_monitor.score_band() -%}
    class_bands as (
        select {{ keys }} as band,
            sum(positives) as positives,
            sum(negatives) as negatives,
            sum(score * (positives + negatives)) as sum_score,
            sum(score * score * (positives + negatives)) as sum_squared_score,
            sum(score * positives) as sum_positive_score,
            sum(positives * (1 - score) * (1 - score) + negatives * score * score) as sum_squared_error
        from class_placements
        group by {{ keys }}
    )
{%- endmacro %}


{% macro class_calibration_errors() %}
    {#- By the delta method, edges taken as given: what `band_statistics()` and `_calibration_estimates()` say of two classes. -#}
    {%- set non_negative = ml_monitor.non_negative -%}
    sqrt({{ non_negative('(sum_squared_error - n_scored * expected_calibration_error * expected_calibration_error)') }}) / n_scored as expected_calibration_error_error,
            sqrt({{ non_negative('(n_positives - 2 * observed_to_expected * sum_positive_score + observed_to_expected * observed_to_expected * sum_squared_score)') }})
                / nullif(sum_score, 0) as observed_to_expected_error
{%- endmacro %}
