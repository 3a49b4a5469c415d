{% macro _validate_retention(name, spec) %}
    {% set allowed = ['logs', 'events', 'service', 'predictions', 'feedback'] %}
    {% if spec.retention is none %}
        {{ return(none) }}
    {% elif spec.retention is not mapping %}
        {% do ml_monitor._config_error(name, 'retention', 'must be a mapping', allowed) %}
    {% endif %}
    {% for key, value in spec.retention.items() %}
        {% do ml_monitor._validate_choice(name, 'retention', key, allowed) %}
        {% if key in ['logs', 'events', 'service'] %}
            {% do ml_monitor._validate_whole_number(name, 'retention.' ~ key, value, 1) %}
        {% elif value is not string and not (key == 'feedback' and value is sameas false) %}
            {% do ml_monitor._config_error(name, 'retention.' ~ key, 'must name the table that holds the rows', ['a_model', 'source.table'] + (['false, to leave it'] if key == 'feedback' else [])) %}
        {% endif %}
    {% endfor %}
    {% set train_days = (spec.retraining or {}).get('train_days') %}
    {% if spec.retention.logs is defined and train_days is integer and spec.retention.logs < train_days %}
        {% do ml_monitor._config_error(name, 'retention.logs', spec.retention.logs ~ ' days are fewer than retraining.train_days ' ~ train_days) %}
    {% endif %}
    {% for key in ['comparison', 'selective'] if spec.retention.logs is defined and spec[key] %}
        {% do ml_monitor._config_error(name, 'retention.logs', 'does not go with ' ~ key ~ ', which is computed from the whole log again and again') %}
    {% endfor %}
    {#- Without its predictions or events a window would be counted again, as one that nobody said anything about. #}
    {% for key in ['labels', 'behaviour'] if spec[key] %}
        {% for what in ['logs', 'events'] if spec.retention[what] is defined %}
            {% do ml_monitor._config_error(name, 'retention.' ~ what, 'does not go with ' ~ key ~ ', which is computed from all feedback again and again') %}
        {% endfor %}
    {% endfor %}
{% endmacro %}
