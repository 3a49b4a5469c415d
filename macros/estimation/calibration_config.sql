{% macro _validate_estimation(name, spec) %}
    {% if spec.calibration is not none %}
        {% set keys = spec.calibration.keys() | sort | list if spec.calibration is mapping else [] %}
        {% if keys not in [['windows'], ['from', 'to']] %}
            {% do ml_monitor._config_error(name, 'calibration', tojson(spec.calibration) ~ ' is not a choice', ['{windows: 28}', '{from: date, to: date}']) %}
        {% endif %}
        {% if 'windows' in keys %}
            {% do ml_monitor._validate_whole_number(name, 'calibration.windows', spec.calibration.windows, 1) %}
        {% else %}
            {% do ml_monitor._period(name, 'calibration', spec.calibration) %}
        {% endif %}
    {% endif %}
    {% do ml_monitor._validate_decisions(name, spec) %}
    {% do ml_monitor._validate_row_models(name, spec) %}
    {% do ml_monitor._validate_error_profile(name, spec) %}
{% endmacro %}


{% macro _validate_decisions(name, spec) %}
    {% set segments = [] %}
    {% for segment in spec.segments %}
        {% do segments.append(ml_monitor._segment_parts(segment) | join(' x ')) %}
    {% endfor %}
    {% if spec.protected is string or spec.protected is mapping or spec.protected is not iterable %}
        {% do ml_monitor._config_error(name, 'protected', 'must be a list of segments', segments) %}
    {% endif %}
    {% for segment in spec.protected %}
        {% do ml_monitor._validate_choice(name, 'protected', segment, segments) %}
    {% endfor %}
    {% if (spec.protected or spec.costs) and spec.task != 'binary' %}
        {% do ml_monitor._config_error(name, 'protected' if spec.protected else 'costs', 'needs task binary') %}
    {% endif %}
    {% if spec.costs is not none %}
        {% if spec.costs is not mapping or not spec.costs %}
            {% do ml_monitor._config_error(name, 'costs', 'must map outcomes to what one of them costs', ['tp', 'fp', 'fn', 'tn']) %}
        {% endif %}
        {% for outcome, cost in spec.costs.items() %}
            {% do ml_monitor._validate_choice(name, 'costs', outcome, ['tp', 'fp', 'fn', 'tn']) %}
            {% if cost is not number %}
                {% do ml_monitor._config_error(name, 'costs.' ~ outcome, 'must be a number; a gain is negative') %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro _validate_row_models(name, spec) %}
    {#- `comparison` and `selective` name columns of the log. -#}
    {% for key, columns, options in [('comparison', ['on'], ['on', 'windows']), ('selective', ['action', 'propensity'], ['action', 'propensity'])] if spec[key] is not none %}
        {% if spec[key] is not mapping %}
            {% do ml_monitor._config_error(name, key, 'must be a mapping', options) %}
        {% endif %}
        {% for option in spec[key] %}
            {% do ml_monitor._validate_choice(name, key, option, options) %}
        {% endfor %}
        {% for column in columns if spec[key].get(column) is not string %}
            {% do ml_monitor._config_error(name, key ~ '.' ~ column, 'must name a column of the prediction log') %}
        {% endfor %}
    {% endfor %}
    {% for key in ['comparison', 'selective'] if spec[key] and spec.task == 'ranking' %}
        {% do ml_monitor._config_error(name, key, 'needs task binary, multiclass or regression') %}
    {% endfor %}
    {% if spec.comparison %}
        {% do ml_monitor._validate_whole_number(name, 'comparison.windows', spec.comparison.get('windows', 30), 1) %}
    {% endif %}
{% endmacro %}


{% macro _resolved_estimation(name, spec) %}
    {#- Labelled windows that say how scores and labels belong together: what `calibration` says, else the healthy ones. A calibration is
        frozen under an id of all that it depends on. -#}
    {% set calibration = dict({'windows': 28, 'from': none, 'to': none}, **(spec.calibration or spec.healthy)) %}
    {% if calibration.from %}
        {% do calibration.update(ml_monitor._period(name, 'calibration', calibration)) %}
    {% endif %}
    {% set depends = [spec.predictions, spec.feedback, spec.score, spec.prediction, spec.label, spec.task, spec.window, spec.score_decimals, spec.scores, calibration] + ([spec.expected_error] if spec.expected_error else [])
        + (['class'] if spec.scores else []) %}
    {{ return({'calibration': calibration, 'calibration_id': local_md5(tojson(depends, sort_keys=true))}) }}
{% endmacro %}
