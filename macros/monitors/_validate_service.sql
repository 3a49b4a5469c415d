{% macro _validate_service(name, spec) %}
    {#- Columns of the prediction log that say how a request went, and measures of the operational log. -#}
    {% if spec.service is not none %}
        {% set roles, allowed = ['latency_ms', 'error', 'timeout', 'status'], ['latency_ms', 'error', 'timeout', 'status', 'operational'] %}
        {% if spec.service is not mapping or not spec.service %}
            {% do ml_monitor._config_error(name, 'service', 'must map latency_ms, error, timeout or status to a column of the log', allowed) %}
        {% endif %}
        {% for key, value in spec.service.items() %}
            {% do ml_monitor._validate_choice(name, 'service', key, allowed) %}
            {% if key in roles and (value is not string or not value) %}
                {% do ml_monitor._config_error(name, 'service.' ~ key, 'must be a column of the log, not ' ~ tojson(value)) %}
            {% endif %}
        {% endfor %}
        {% if spec.service.status and (spec.service.error or spec.service.timeout) %}
            {% do ml_monitor._config_error(name, 'service.status', 'says what error and timeout say: give one or the others') %}
        {% endif %}
        {% do ml_monitor._validate_operational(name, spec, spec.service.get('operational', {})) %}
    {% endif %}
{% endmacro %}


{% macro _validate_operational(name, spec, declared) %}
    {% set allowed = ['measure', 'service', 'statistic', 'direction'] %}
    {% if declared is not mapping %}
        {% do ml_monitor._config_error(name, 'service.operational', 'must map names to {measure, service, statistic, direction}') %}
    {% elif declared and spec.window == 'chunk' %}
        {% do ml_monitor._config_error(name, 'service.operational', 'needs windows of time, not chunks of rows') %}
    {% endif %}
    {% for metric, one in declared.items() %}
        {% set key = 'service.operational.' ~ metric %}
        {% if not modules.re.fullmatch('[a-z][a-z0-9_]*', metric | string) or metric in ['latency', 'error', 'timeout', 'none'] %}
            {% do ml_monitor._config_error(name, key, 'must have a name of lower case letters, digits and underscores, and not latency, error, timeout or none') %}
        {% elif metric in ml_monitor.metric_catalogue() | map(attribute='metric') or metric in spec.metrics %}
            {% do ml_monitor._config_error(name, key, 'is the name of another metric') %}
        {% elif one is not mapping or one.measure is not string or not one.measure %}
            {% do ml_monitor._config_error(name, key, 'needs a measure of the operational log', allowed) %}
        {% endif %}
        {% for option in one if option not in allowed %}
            {% do ml_monitor._config_error(name, key, option ~ ' is not an option', allowed) %}
        {% endfor %}
        {% if one.get('service') is not none and one.service is not string %}
            {% do ml_monitor._config_error(name, key ~ '.service', 'must be text') %}
        {% endif %}
        {% do ml_monitor._validate_choice(name, key ~ '.statistic', one.get('statistic', 'mean'), ['mean', 'min', 'max', 'p50', 'p95', 'p99']) %}
        {% do ml_monitor._validate_choice(name, key ~ '.direction', one.get('direction', 'up'), ['up', 'down', 'both']) %}
    {% endfor %}
{% endmacro %}
