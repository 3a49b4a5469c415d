{% macro nowcast_ultimates() %}
    {#- CTE `ultimates`: the count so far and the one expected in the end, side by side per quantity, with squared coefficients of variation. An
        age with no development left needs no ladder. Needs the CTEs `triangle` and `delays`. -#}
    newest as (
        select * from triangle where label_age = newest_age and n_labels > 0
    ),

    ultimates as (
        select newest.monitor, newest.window_number, newest.n_predictions, newest.n_labels,
            {%- for quantity, count in ml_monitor.nowcast_quantities().items() %}
            newest.{{ count }} * coalesce(max(case when delays.quantity = '{{ quantity }}' then delays.tail end), 1) as {{ quantity }},
            coalesce(max(case when delays.quantity = '{{ quantity }}' and newest.{{ count }} > 0 then
                delays.process_variance / (newest.{{ count }} * delays.tail) + delays.parameter_variance end), 0) as {{ quantity }}_cv2{{ ',' if not loop.last }}
            {%- endfor %}
        from newest
        left join delays
            on delays.monitor = newest.monitor and delays.label_age = newest.label_age
        group by newest.monitor, newest.window_number, newest.n_predictions, newest.n_labels, newest.correct, newest.wrong, newest.positives, newest.negatives
        having min(coalesce(case when delays.quantity = 'labels' then delays.development_share end, 1)) >= 0.05e0
    )
{%- endmacro %}


{% macro nowcast_rates() %}
    {#- CTE `rates`: shares of the predictions, whose number is known, and shares of the labels, whose two parts are nowcast apart. -#}
    {%- set keys = 'monitor, window_number, n_predictions, n_labels' -%}
    rates as (
        {%- for metric, quantity in {'nowcast_label_coverage': 'labels', 'nowcast_positive_rate': 'positives'}.items() %}
        select {{ keys }}, '{{ metric }}' as metric, {{ quantity }} / n_predictions as metric_value,
            {{ quantity }} / n_predictions * sqrt({{ quantity }}_cv2) as error
        from ultimates
        union all
        {%- endfor %}
        {%- for metric, (part, rest) in {'nowcast_prevalence': ('positives', 'negatives'), 'nowcast_accuracy': ('correct', 'wrong')}.items() %}
        select {{ keys }}, '{{ metric }}', {{ part }} / ({{ part }} + {{ rest }}),
            {{ part }} * {{ rest }} / power({{ part }} + {{ rest }}, 2) * sqrt({{ part }}_cv2 + {{ rest }}_cv2)
        from ultimates
        where {{ part }} + {{ rest }} > 0
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
