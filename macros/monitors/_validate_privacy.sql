{% macro _validate_privacy(name, spec) %}
    {% set allowed = ['minimum_cell', 'hash_categories'] %}
    {% if spec.privacy is none %}
        {{ return(none) }}
    {% elif spec.privacy is not mapping %}
        {% do ml_monitor._config_error(name, 'privacy', 'must be a mapping', allowed) %}
    {% endif %}
    {% for key in spec.privacy %}
        {% do ml_monitor._validate_choice(name, 'privacy', key, allowed) %}
    {% endfor %}
    {% set resolved = ml_monitor._resolved_privacy(spec.privacy) %}
    {% do ml_monitor._validate_whole_number(name, 'privacy.minimum_cell', resolved.minimum_cell, 2) %}
    {% do ml_monitor._validate_choice(name, 'privacy.hash_categories', resolved.hash_categories, [true, false]) %}
    {% if resolved.minimum_cell > spec.min_rows %}
        {% do ml_monitor._config_error(name, 'privacy.minimum_cell', resolved.minimum_cell ~ ' is above min_rows ' ~ spec.min_rows ~ ': what is judged would not be shown') %}
    {% endif %}
    {% for metric, declared in spec.metrics.items() %}
        {% for word in ml_monitor.custom_tokens(declared.sql) if word | lower in ['min', 'max'] %}
            {% do ml_monitor._config_error(name, 'metrics.' ~ metric, word ~ '() shows the value of one row, which privacy forbids', ['sum', 'count', 'avg']) %}
        {% endfor %}
    {% endfor %}
{% endmacro %}


{% macro _resolved_privacy(declared) %}
    {{ return(dict({'minimum_cell': 10, 'hash_categories': true}, **declared) if declared is not none else {'minimum_cell': 1, 'hash_categories': false}) }}
{% endmacro %}
