{% macro _validate_estimation(name, spec) %}
    {% if spec.calibration is not none %}
        {% set keys = spec.calibration.keys() | sort | list if spec.calibration is mapping else [] %}
        {% if keys not in [['windows'], ['from', 'to']] %}
            {% do ml_monitor._config_error(name, 'calibration', tojson(spec.calibration) ~ ' is not a choice', ['{windows: 28}', '{from: date, to: date}']) %}
        {% endif %}
        {% if 'windows' in keys %}
            {% do ml_monitor._validate_whole_number(name, 'calibration.windows', spec.calibration.windows, 1) %}
        {% elif ml_monitor._iso(spec.calibration.from) >= ml_monitor._iso(spec.calibration.to) %}
            {% do ml_monitor._config_error(name, 'calibration', 'is empty: from must be before to (to is excluded)') %}
        {% endif %}
    {% endif %}
{% endmacro %}


{% macro _resolved_estimation(spec) %}
    {#- Labelled windows that say how scores and labels belong together: what `calibration` says, else the healthy ones. A calibration is
        frozen under an id of all that it depends on. -#}
    {% set calibration = dict({'windows': 28, 'from': none, 'to': none}, **(spec.calibration or spec.healthy)) %}
    {% if calibration.from %}
        {% do calibration.update({'from': ml_monitor._iso(calibration.from), 'to': ml_monitor._iso(calibration.to)}) %}
    {% endif %}
    {% set depends = [spec.predictions, spec.feedback, spec.score, spec.prediction, spec.label, spec.task, spec.window, spec.score_decimals, calibration] %}
    {{ return({'calibration': calibration, 'calibration_id': local_md5(tojson(depends, sort_keys=true))}) }}
{% endmacro %}
