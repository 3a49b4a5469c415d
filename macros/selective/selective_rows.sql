{% macro selective_rows(spec) %}
    {#- CTE `outcomes`: predictions with what was done, their latest label, and the weight of those that were acted on. A propensity outside 0 to 1 is
        none. A weight is at most 100: one row must not speak for a thousand. -#}
    {%- set window = ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone) -%}
    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(ml_monitor.monitor_relation(spec.predictions), ml_monitor.selective_columns(spec), ml_monitor.segment_sources(spec)) }}
    ),

    kept_segments as (
        {{ ml_monitor.frozen_segments(spec) }}
    ),

    predictions as (
        select {{ window }} as window_start, prediction_id,
            {{- ml_monitor.kept_segment_columns(spec) }}
            {{ ml_monitor.selective_values(spec) }}
        from log
        {{- ml_monitor.kept_segment_joins(spec) }}
        where predicted_at < {{ ml_monitor.monitoring_now() }}
            {%- if spec.lookback %} and predicted_at >= {{ ml_monitor.add_windows(-spec.lookback, ml_monitor.monitoring_now(), spec.window, spec.timezone) }}{% endif %}
    ),

    {{ ml_monitor.latest_labels() }},

    outcomes as (
        select predictions.*, labels.label,
            case when action = 1 and labels.label is not null and propensity > 0 then 1 / case when propensity < 0.01e0 then 0.01e0 else propensity end end as weight
        from predictions
        left join labels on labels.prediction_id = predictions.prediction_id
    )
{%- endmacro %}


{% macro selective_columns(spec) %}
    {#- The columns of the log that are needed, as alias -> column. -#}
    {%- set columns = {
        'prediction_id': spec.prediction_id, 'predicted_at': spec.predicted_at, 'raw_prediction': spec.prediction,
        'raw_action': spec.selective.action, 'raw_propensity': spec.selective.propensity,
    } -%}
    {%- if spec.score -%}{%- do columns.update({'raw_score': spec.score}) -%}{%- endif -%}
    {%- for column in spec.scores.values() -%}
        {%- do columns.update({'raw_score_' ~ loop.index: column}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{% macro selective_values(spec) %}
    {#- What a row of the log says, as the task reads it. -#}
    {{ ml_monitor.outcome_value('raw_prediction', spec) }} as prediction,
            {%- if spec.score %}
            {{ ml_monitor.score_value('raw_score', spec) }} as score,
            {%- endif %}
            {%- for column in spec.scores %}
            {{ ml_monitor.score_value('raw_score_' ~ loop.index, spec) }} as score_{{ loop.index }},
            {%- endfor %}
            {{ ml_monitor.binary_class('raw_action', none) }} as action,
            {{ ml_monitor.score_value('raw_propensity', spec) }} as propensity
{%- endmacro %}
