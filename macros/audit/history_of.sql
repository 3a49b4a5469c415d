{% macro history_of() %}
    {#- The metrics of which each value is kept as it was known, whether a threshold judges it or not: `all`, or their names. None by
        default: a snapshot compares all that it keeps with all that there is, each time. -#}
    {% set wanted = var('ml_monitor__history_of', none) or [] %}
    {% if wanted is string %}
        {% set wanted = [wanted] %}
    {% endif %}
    {% set known = {} %}
    {% for spec in ml_monitor.monitors() if wanted and wanted != ['all'] %}
        {% do known.update(ml_monitor.metrics_of(spec)) %}
    {% endfor %}
    {% for metric in wanted if wanted != ['all'] and metric not in known %}
        {{ exceptions.raise_compiler_error(
            "ml_monitor: variable 'ml_monitor__history_of': " ~ metric ~ ' is no metric. Allowed: all, or a list of ' ~ known.keys() | sort | join(', ') ~ '.'
        ) }}
    {% endfor %}
    {{ return(wanted) }}
{% endmacro %}
