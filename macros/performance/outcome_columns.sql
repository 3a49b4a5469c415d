{% macro outcome_columns(spec) %}
    {#- The columns of the prediction log that the task needs, as alias -> column. -#}
    {%- set columns = {'prediction_id': spec.prediction_id, 'predicted_at': spec.predicted_at, 'raw_version': spec.model_version} -%}
    {%- set wanted = {'raw_score': spec.score, 'raw_prediction': spec.prediction, 'raw_lower': spec.lower, 'raw_upper': spec.upper,
        'raw_expected_error': spec.expected_error, 'query_id': spec.query_id, 'raw_item': spec.item} -%}
    {%- for alias, column in wanted.items() if column -%}
        {%- do columns.update({alias: column}) -%}
    {%- endfor -%}
    {%- for column in spec.scores.values() -%}
        {%- do columns.update({'raw_score_' ~ loop.index: column}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{% macro parsed_outcomes(spec) %}
    {#- What the model said, as the task reads it. -#}
    {%- set string = dbt.type_string() -%}
    {%- set columns = {} -%}
    {%- if spec.score -%}{%- do columns.update({'score': ml_monitor.score_value('raw_score', spec)}) -%}{%- endif -%}
    {%- if spec.prediction -%}{%- do columns.update({'prediction': ml_monitor.outcome_value('raw_prediction', spec), 'has_prediction': 'case when raw_prediction is not null then 1 end'}) -%}{%- endif -%}
    {%- for limit in ['lower', 'upper'] if spec.task == 'regression' -%}
        {%- set value = ml_monitor.finite(ml_monitor.to_number('raw_' ~ limit)) if spec[limit] else 'cast(null as ' ~ ml_monitor.type_double() ~ ')' -%}
        {%- do columns.update({limit ~ '_limit': value}) -%}
    {%- endfor -%}
    {%- if spec.expected_error -%}{%- do columns.update({'expected_error': ml_monitor.finite(ml_monitor.to_number('raw_expected_error'))}) -%}{%- endif -%}
    {%- for column in spec.scores -%}
        {%- do columns.update({'score_' ~ loop.index: ml_monitor.score_value('raw_score_' ~ loop.index, spec)}) -%}
    {%- endfor -%}
    {%- if spec.task == 'ranking' -%}
        {%- do columns.update({'query_id': "coalesce(cast(query_id as " ~ string ~ "), 'without query ' || cast(prediction_id as " ~ string ~ '))', 'item': 'cast(raw_item as ' ~ string ~ ')' if spec.item else 'cast(null as ' ~ string ~ ')'}) -%}
    {%- endif -%}
    predicted_at
            {%- for name, expression in columns.items() %},
            {{ expression }} as {{ name }}
            {%- endfor %}
{%- endmacro %}


{% macro outcome_row(spec) %}
    {#- What every prediction gives to the profile beside its window, version, segments and age, by name. -#}
    {%- set string, double = dbt.type_string(), ml_monitor.type_double() -%}
    {%- set error = '(prediction - label)' -%}
    {%- set common = {
        'invalid_prediction': 'case when has_prediction = 1 and prediction is null then 1 else 0 end',
        'invalid_label': 'case when has_label = 1 and label is null then 1 else 0 end',
        'is_early': 'case when labelled_at < predicted_at then 1 else 0 end',
    } -%}
    {%- set tasks = {
        'binary': {'score': ml_monitor.profiled_score(spec), 'prediction': 'prediction', 'label': 'label', 'exact_score': 'score', 'exact_label': 'label'},
        'multiclass': {'score': ml_monitor.profiled_confidence(spec), 'prediction': 'cast(null as ' ~ double ~ ')', 'predicted_class': 'prediction', 'actual_class': 'label', 'exact_score': ml_monitor.score_of_class(spec, 'label'), 'squared_error': ml_monitor.class_squared_error(spec)},
        'regression': {'score': ml_monitor.profiled_score(spec), 'error_bin': ml_monitor.error_bin(error), 'exact_prediction': 'prediction', 'exact_label': 'label', 'lower_limit': 'lower_limit', 'upper_limit': 'upper_limit'},
        'ranking': {'item': 'item', 'is_top': 'is_top', 'is_exposed': 'is_exposed', 'ndcg': 'ndcg', 'mrr': 'mrr', 'map': 'map', 'hit': 'hit'},
    } -%}
    {%- if spec.task == 'ranking' -%}{%- do common.update({'invalid_prediction': '0'}) -%}{%- endif -%}
    {{ return(dict(common, **tasks[spec.task])) }}
{% endmacro %}


{% macro class_squared_error(spec) %}
    {#- Brier's own score (1950): the squared distance of the probabilities of all classes from what happened. -#}
    {%- if not spec.scores -%}
    cast(null as {{ ml_monitor.type_double() }})
    {%- else -%}
    case when label in ({% for name in spec.scores %}{{ ml_monitor.literal(name) }}{{ ', ' if not loop.last }}{% endfor %}) then
        {%- for name in spec.scores %} power(score_{{ loop.index }} - case when label = {{ ml_monitor.literal(name) }} then 1 else 0 end, 2){{ ' +' if not loop.last }}{% endfor %} end
    {%- endif -%}
{%- endmacro %}


{% macro score_of_class(spec, class) %}
    {#- The probability that a classifier of many classes gave to a class: to the predicted one, or to what happened. -#}
    {%- if not spec.scores -%}
    cast(null as {{ ml_monitor.type_double() }})
    {%- else -%}
    case {{ class }}
        {%- for name in spec.scores %} when {{ ml_monitor.literal(name) }} then score_{{ loop.index }}{% endfor %} end
    {%- endif -%}
{%- endmacro %}
