{% macro compared_rows(spec) %}
    {#- CTE `scored`: the newest prediction of each version for each key of the newest windows, and the newest label that any version's prediction
        of it got. -#}
    {%- set log = ml_monitor.monitor_relation(spec.predictions) -%}
    {%- set required = {'prediction_id': spec.prediction_id, 'predicted_at': spec.predicted_at, 'raw_version': spec.model_version, 'raw_prediction': spec.prediction, 'compared_key': spec.comparison.on} -%}
    {%- if spec.score %}{% do required.update({'raw_score': spec.score}) %}{% endif -%}
    {{ ml_monitor.feedback_rows(spec, ml_monitor.monitor_relation(spec.feedback) if spec.feedback) }},

    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(log, required, {}) }}
    ),

    predictions as (
        select prediction_id, predicted_at, compared_key, cast(raw_version as {{ dbt.type_string() }}) as model_version,
            {{ ml_monitor.finite(ml_monitor.to_number('raw_score')) if spec.score else 'cast(null as ' ~ ml_monitor.type_double() ~ ')' }} as score,
            {{ ml_monitor.outcome_value('raw_prediction', spec) }} as prediction
        from log
        where predicted_at < {{ ml_monitor.monitoring_now() }}
            and predicted_at >= {{ ml_monitor.add_windows(-spec.comparison.get('windows', 30), ml_monitor.window_start_of(ml_monitor.monitoring_now(), spec.window, spec.timezone), spec.window, spec.timezone) }}
            and raw_version is not null and compared_key is not null
    ),

    {{ ml_monitor.compared_labels() }},

    scored as (
        select newest.compared_key, newest.predicted_at, newest.model_version, newest.score, {{ 'cast(null as ' ~ ml_monitor.type_double() ~ ')' if spec.task == 'multiclass' else 'labels.label' }} as label,
            case when newest.prediction = labels.label then 1 else 0 end as is_right,
            {{ ml_monitor.compared_loss(spec.task) }} as loss
        from (
            select *, row_number() over (partition by compared_key, model_version order by predicted_at desc) as recency from predictions
        ) as newest
        inner join labels on labels.compared_key = newest.compared_key
        where newest.recency = 1 and {{ 'newest.score' if spec.score else 'newest.prediction' }} is not null
    )
{%- endmacro %}


{% macro compared_labels() %}
    {#- CTE `labels`: the newest label of each key. -#}
    labels as (
        select compared_key, label
        from (
            select predictions.compared_key, feedback.label,
                row_number() over (partition by predictions.compared_key order by case when feedback.labelled_at is null then 1 else 0 end, feedback.labelled_at desc) as recency
            from predictions
            inner join feedback on feedback.prediction_id = predictions.prediction_id
        ) as ranked_labels
        where recency = 1 and label is not null
    )
{%- endmacro %}


{% macro compared_loss(task) %}
    {#- SQL expression: what a prediction costs. -#}
    {{- return({
        'binary': 'power(newest.score - labels.label, 2)',
        'multiclass': 'case when newest.prediction = labels.label then 0e0 else 1e0 end',
        'regression': 'abs(newest.prediction - labels.label)',
    }[task]) -}}
{%- endmacro %}


{% macro shadow_pairs(spec) %}
    {#- CTE `pairs`: both versions of a pair side by side; the champion is the one that was there first. -#}
    version_starts as (
        select model_version, row_number() over (order by min(predicted_at), model_version) as place from predictions group by model_version
    ),

    pairs as (
        select champions.model_version as champion, challengers.model_version as challenger, champions.label, champions.predicted_at,
            champions.score as champion_score, challengers.score as challenger_score,
            champions.loss as champion_loss, challengers.loss as challenger_loss,
            champions.is_right as champion_right, challengers.is_right as challenger_right
        from scored as champions
        inner join version_starts as first_version on first_version.model_version = champions.model_version
        inner join scored as challengers on challengers.compared_key = champions.compared_key
        inner join version_starts as later_version on later_version.model_version = challengers.model_version and later_version.place > first_version.place
    )
{%- endmacro %}
