{% macro selective_profile(name) %}
    {#- Body of <monitor>__selective_profile: per window, sums of rows weighted by 1 / propensity, for monitors whose labels come only for what was
        acted on. Reads the log back to `lookback` on every run. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(materialized='table', tags=['ml_monitor_profile'], sql_header=ml_monitor.sql_header(), meta={'ml_monitor': spec}) }}
    with

    {{ ml_monitor.feedback_rows(spec, ml_monitor.monitor_relation(spec.feedback) if spec.feedback) }},

    {{ ml_monitor.selective_rows(spec) }},

    weighted as (
        {#- A weight of at most 100: one row must not speak for a thousand. #}
        select *, case when action = 1 and label is not null and prediction is not null and propensity > 0 then 1 / case when propensity < 0.01e0 then 0.01e0 else propensity end end as weight,
            case when prediction = label then 1e0 else 0e0 end as is_right
        from outcomes
    ),

    final as (
        select
            {{ ml_monitor.literal(name) }} as monitor,
            window_start,
            {{ ml_monitor.window_number_of('window_start', spec.window, spec.timezone) }} as window_number,
            {%- for column, sum in ml_monitor.selective_sums().items() %}
            cast({{ sum }} as {{ ml_monitor.type_double() }}) as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        from weighted
        group by window_start
    )

    select * from final
{% endmacro %}


{% macro selective_rows(spec) %}
    {#- CTE `outcomes`: predictions with what was done, how likely that was, and their latest label. -#}
    {%- set window = ml_monitor.window_start_of('log.predicted_at', spec.window, spec.timezone) -%}
    labels as (
        select prediction_id, label
        from (
            select prediction_id, label, row_number() over (partition by prediction_id order by case when labelled_at is null then 1 else 0 end, labelled_at desc) as recency
            from feedback
        ) as ranked_labels
        where recency = 1 and label is not null
    ),

    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(ml_monitor.monitor_relation(spec.predictions), {
            'prediction_id': spec.prediction_id, 'predicted_at': spec.predicted_at, 'raw_prediction': spec.prediction,
            'raw_action': spec.selective.action, 'raw_propensity': spec.selective.propensity,
        }, {}) }}
    ),

    outcomes as (
        select {{ window }} as window_start, labels.label, {{ ml_monitor.outcome_value('log.raw_prediction', spec) }} as prediction,
            {{ ml_monitor.binary_class('log.raw_action', none) }} as action,
            {{ ml_monitor.finite(ml_monitor.to_number('log.raw_propensity')) }} as propensity
        from log
        left join labels on labels.prediction_id = log.prediction_id
        where log.predicted_at < {{ ml_monitor.monitoring_now() }}
            {%- if spec.lookback %} and log.predicted_at >= {{ ml_monitor.add_windows(-spec.lookback, ml_monitor.monitoring_now(), spec.window, spec.timezone) }}{% endif %}
    )
{%- endmacro %}


{% macro selective_sums() %}
    {#- What the profile keeps of a window: all additive. -#}
    {{ return({
        'n': 'count(*)',
        'n_acted': 'sum(case when action = 1 then 1 else 0 end)',
        'n_explored': 'sum(case when action = 1 and propensity < 0.5e0 then 1 else 0 end)',
        'n_labelled': 'sum(case when label is not null and prediction is not null then 1 else 0 end)',
        'n_right': 'sum(case when label is not null then is_right else 0 end)',
        'n_positive': 'sum(case when label = 1 then 1 else 0 end)',
        'weights': 'sum(coalesce(weight, 0))',
        'squared_weights': 'sum(coalesce(weight * weight, 0))',
        'weighted_right': 'sum(coalesce(weight * is_right, 0))',
        'squared_weighted_right': 'sum(coalesce(weight * weight * is_right, 0))',
        'weighted_positive': 'sum(coalesce(weight * label, 0))',
        'squared_weighted_positive': 'sum(coalesce(weight * weight * label, 0))',
    }) }}
{% endmacro %}
