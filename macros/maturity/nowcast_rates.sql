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
    {%- set parts = {'nowcast_label_coverage': 'labels', 'nowcast_positive_rate': 'positives', 'nowcast_prevalence': 'positives', 'nowcast_accuracy': 'correct'} -%}
    {%- set rests = {'nowcast_prevalence': 'negatives', 'nowcast_accuracy': 'wrong'} -%}
    sides as (
        select ultimates.monitor, ultimates.window_number, ultimates.n_predictions, ultimates.n_labels, metrics.metric
            {%- for side, quantities in {'part': parts, 'rest': rests}.items() %}
            {%- for suffix in ['', '_cv2'] %},
            case metrics.metric {%- for metric, quantity in quantities.items() %} when '{{ metric }}' then ultimates.{{ quantity ~ suffix }}{% endfor %} end as {{ side ~ suffix }}
            {%- endfor %}
            {%- endfor %}
        from ultimates
        cross join ({{ ml_monitor.names('metric', parts) }}) as metrics
    ),

    rates as (
        select monitor, window_number, n_predictions, n_labels, metric, part / coalesce(part + rest, n_predictions) as metric_value,
            case when rest is null then part / n_predictions * sqrt(part_cv2) else part * rest / power(part + rest, 2) * sqrt(part_cv2 + rest_cv2) end as error
        from sides
        where coalesce(part + rest, n_predictions) > 0
    )
{%- endmacro %}
