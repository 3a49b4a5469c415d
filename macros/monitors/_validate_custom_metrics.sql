{% macro _validate_custom_metrics(name, spec) %}
    {#- What stands around the SQL of custom metrics; the SQL itself is read by `custom_expression()`. -#}
    {% set allowed = ['sql', 'direction', 'description'] %}
    {% if spec.metrics is not mapping %}
        {% do ml_monitor._config_error(name, 'metrics', 'must map names to {sql, direction, description}') %}
    {% endif %}
    {% for metric, declared in spec.metrics.items() %}
        {% set key = 'metrics.' ~ metric %}
        {% if not modules.re.fullmatch('[a-z][a-z0-9_]*', metric | string) %}
            {% do ml_monitor._config_error(name, key, 'must have a name of lower case letters, digits and underscores, starting with a letter') %}
        {% elif metric in ml_monitor.metric_catalogue() | map(attribute='metric') %}
            {% do ml_monitor._config_error(name, key, 'is the name of a built-in metric') %}
        {% elif declared is not mapping or not declared.sql or not declared.direction %}
            {% do ml_monitor._config_error(name, key, 'needs sql and direction', allowed) %}
        {% endif %}
        {% for option in declared if option not in allowed %}
            {% do ml_monitor._config_error(name, key, option ~ ' is not an option', allowed) %}
        {% endfor %}
        {% do ml_monitor._validate_choice(name, key ~ '.direction', declared.direction, ['up', 'down', 'both']) %}
        {% if declared.description is defined and declared.description is not string %}
            {% do ml_monitor._config_error(name, key ~ '.description', 'must be text') %}
        {% endif %}
    {% endfor %}
{% endmacro %}
