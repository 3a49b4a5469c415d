{% macro metrics_of(spec) %}
    {#- Every metric that a monitor may have: those of the catalogue and its own. -#}
    {{ return(ml_monitor.metric_catalogue() + ml_monitor.custom_catalogue(spec) + ml_monitor.operational_catalogue(spec) + ml_monitor.kpi_catalogue(spec)) }}
{% endmacro %}


{% macro check_test_arguments(monitor, metric, span, feature) %}
    {#- A misspelt name selects no row, and a test without rows passes for ever. -#}
    {%- set spec = ml_monitor.monitor(monitor) -%}
    {%- set families = {} -%}
    {%- for known in ml_monitor.metrics_of(spec) -%}
        {%- do families.update({known.metric: known.family}) -%}
    {%- endfor -%}
    {%- set features = ['__all__'] + ml_monitor._variable_types(spec).keys() | list -%}
    {%- if metric not in families -%}
        {%- do ml_monitor._config_error(monitor, 'metric_within', tojson(metric) ~ ' is not a metric', families.keys() | list) -%}
    {%- elif (span | int) not in [1] + spec.rolling -%}
        {%- do ml_monitor._config_error(monitor, 'metric_within', 'there is no span of ' ~ span ~ ' windows', [1] + spec.rolling) -%}
    {%- elif feature and families[metric] in ['drift', 'data_quality'] and feature not in features -%}
        {%- do ml_monitor._config_error(monitor, 'metric_within', tojson(feature) ~ ' is not a monitored feature', features) -%}
    {%- endif -%}
{% endmacro %}
