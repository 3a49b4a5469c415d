{% macro check_custom_columns(spec, log, columns, key='metrics') %}
    {#- Like `check_log_columns()`: an error while the monitor is new, a warning afterwards, because a column of a metric that was added later
        can be misspelt and not only lost. -#}
    {% if execute and flags.WHICH in ['run', 'build'] %}
        {% set known = adapter.get_columns_in_relation(log) | map(attribute='name') | list %}
        {% for column in columns if column not in known %}
            {% set problem = "column '" ~ column ~ "' is not in " ~ log %}
            {% if is_incremental() %}
                {% do exceptions.warn("ml_monitor: monitor '" ~ spec.name ~ "', key '" ~ key ~ "': " ~ problem ~ ', so it is NULL there') %}
            {% else %}
                {% do ml_monitor._config_error(spec.name, key, problem, known) %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}
