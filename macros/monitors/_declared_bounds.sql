{% macro _declared_bounds(declared) %}
    {#- What a feature's values may be: min and max of a numeric one, the allowed values of a categorical one as text. Empty if anything may. -#}
    {% set bounds = {} %}
    {% for option in ['min', 'max', 'allowed'] if declared is mapping and declared.get(option) is not none %}
        {% do bounds.update({option: declared[option]}) %}
    {% endfor %}
    {% if bounds.allowed is defined %}
        {% set texts = [] %}
        {% for value in bounds.allowed %}
            {#- Warehouses write booleans in lower case, YAML reads them into Python's True. -#}
            {% do texts.append(value | string | lower if value is boolean else value | string) %}
        {% endfor %}
        {% do bounds.update({'allowed': texts}) %}
    {% endif %}
    {{ return(bounds) }}
{% endmacro %}


{% macro _validate_bounds(name, key, declared) %}
    {#- `value - value` is 0 only for finite numbers. -#}
    {% for option in ['min', 'max'] if declared.get(option) is not none %}
        {% set bound = declared[option] %}
        {% if declared.type != 'numeric' %}
            {% do ml_monitor._config_error(name, key ~ '.' ~ option, 'is for numeric features', ['allowed']) %}
        {% elif bound is not number or bound is boolean or bound - bound != 0 %}
            {% do ml_monitor._config_error(name, key ~ '.' ~ option, tojson(bound | string) ~ ' is not a number') %}
        {% endif %}
    {% endfor %}
    {% if declared.get('min') is not none and declared.get('max') is not none and declared.min > declared.max %}
        {% do ml_monitor._config_error(name, key, 'min ' ~ declared.min ~ ' is above max ' ~ declared.max) %}
    {% endif %}
    {% set allowed = declared.get('allowed') %}
    {% if allowed is not none and declared.type != 'categorical' %}
        {% do ml_monitor._config_error(name, key ~ '.allowed', 'is for categorical features', ['min', 'max']) %}
    {% elif allowed is not none and (allowed is string or allowed is mapping or allowed is not iterable or not allowed | list) %}
        {% do ml_monitor._config_error(name, key ~ '.allowed', 'must be a list of values that is not empty') %}
    {% endif %}
    {% for value in allowed or [] if value is none or (value is not string and value is iterable) %}
        {% do ml_monitor._config_error(name, key ~ '.allowed', tojson(value) ~ ' is not a value') %}
    {% endfor %}
{% endmacro %}
