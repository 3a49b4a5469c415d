{% macro check_log_columns(spec, log, reference) %}
    {#- A misspelt column is a configuration error while the monitor is new; later on a lost column is a finding.
        The one place that asks the warehouse for metadata, and only to refuse: it never shapes the SQL. -#}
    {% if execute and flags.WHICH in ['run', 'build'] and not is_incremental() %}
        {% for relation in [log, reference] %}
            {% set known = ml_monitor.column_names(relation) %}
            {% for variable in spec.variables if variable.column not in known %}
                {% do ml_monitor._config_error(spec.name, 'features.' ~ variable.column if variable.name == variable.column else variable.name | replace('__score__:', 'scores.') | replace('__', ''),
                    "column '" ~ variable.column ~ "' is not in " ~ relation, known) %}
            {% endfor %}
            {% for segment in ml_monitor.segment_sources(spec).values() if segment not in known %}
                {% do ml_monitor._config_error(spec.name, 'segments', "column '" ~ segment ~ "' is not in " ~ relation, known) %}
            {% endfor %}
        {% endfor %}
    {% endif %}
{% endmacro %}
