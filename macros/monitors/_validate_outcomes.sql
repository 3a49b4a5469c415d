{% macro _validate_outcomes(name, spec, declared) %}
    {#- The keys about labels, scores and the metrics made of them. -#}
    {% set tasks = {
        'positive': ['binary'], 'beta': ['binary', 'multiclass'], 'lift_at': ['binary', 'multiclass'], 'scores': ['multiclass'], 'classes': ['multiclass'],
        'lower': ['regression'], 'upper': ['regression'], 'quantile': ['regression'], 'expected_error': ['regression'], 'query_id': ['ranking'], 'retraining': ['binary', 'regression'], 'item': ['ranking'], 'k': ['ranking'],
    } %}
    {% for key in tasks if key in declared and spec.task not in tasks[key] and declared[key] %}
        {% do ml_monitor._config_error(name, key, 'does not fit task ' ~ spec.task ~ ', only ' ~ tasks[key] | join(' and ')) %}
    {% endfor %}
    {% do ml_monitor._validate_whole_number(name, 'k', spec.k, 1, 1000) %}
    {% do ml_monitor._validate_whole_number(name, 'classes', spec.classes, 1, 1000) %}
    {% do ml_monitor._validate_between(name, 'lift_at', spec.lift_at, 0, 1) %}
    {% do ml_monitor._validate_between(name, 'quantile', spec.quantile, 0, 1) %}
    {% do ml_monitor._validate_between(name, 'beta', spec.beta, 0, 100) %}
    {% if spec.positive is mapping or (spec.positive is iterable and not spec.positive) %}
        {% do ml_monitor._config_error(name, 'positive', 'must be the class that counts as 1, or a list of such classes') %}
    {% endif %}
    {% if (spec.lower is none) != (spec.upper is none) %}
        {% do ml_monitor._config_error(name, 'lower' if spec.lower is none else 'upper', 'is missing: an interval has two ends') %}
    {% endif %}
    {% if spec.scores is not mapping or spec.scores.values() | reject('string') | list %}
        {% do ml_monitor._config_error(name, 'scores', 'must map each class to the column with its probability') %}
    {% endif %}
{% endmacro %}


{% macro _validate_between(name, key, value, low, high) %}
    {% if value is not number or value is boolean or value <= low or value >= high %}
        {% do ml_monitor._config_error(name, key, tojson(value) ~ ' is not a number between ' ~ low ~ ' and ' ~ high) %}
    {% endif %}
{% endmacro %}
