{% macro check_test_arguments(monitor, metric, span, feature) %}
    {#- A misspelt name selects no row, nor does a metric that the monitor cannot have, and a test without rows passes for ever. -#}
    {%- set spec = ml_monitor.monitor(monitor) -%}
    {%- set metrics = ml_monitor.metrics_of(spec) -%}
    {%- set spans = [1] + spec.rolling -%}
    {%- set features = ['__all__'] + ml_monitor._variable_types(spec).keys() | list -%}
    {%- if metric not in metrics -%}
        {%- do ml_monitor._config_error(monitor, 'metric_within', tojson(metric) ~ ' is not a metric', metrics.keys() | list) -%}
    {%- elif (span | int) not in spans -%}
        {%- do ml_monitor._config_error(monitor, 'metric_within', 'there is no span of ' ~ span ~ ' windows', spans) -%}
    {%- elif feature and metrics[metric].family in ['drift', 'data_quality'] and feature not in features -%}
        {%- do ml_monitor._config_error(monitor, 'metric_within', tojson(feature) ~ ' is not a monitored feature', features) -%}
    {%- endif -%}
    {%- set misfit = ml_monitor._metric_misfit(metrics[metric], spec) -%}
    {%- if misfit -%}
        {%- do ml_monitor._config_error(monitor, 'metric_within', tojson(metric) ~ ' ' ~ misfit[0], misfit[1]) -%}
    {%- endif -%}
{% endmacro %}
