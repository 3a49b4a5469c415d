{% macro metrics_of(spec) %}
    {#- Every metric that a monitor may have, by name: those of the catalogue and its own. -#}
    {% set metrics = {} %}
    {% for metric in ml_monitor.metric_catalogue() + ml_monitor.custom_catalogue(spec) + ml_monitor.operational_catalogue(spec) + ml_monitor.kpi_catalogue(spec) %}
        {% do metrics.update({metric.metric: metric}) %}
    {% endfor %}
    {{ return(metrics) }}
{% endmacro %}
