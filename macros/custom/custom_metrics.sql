{% macro custom_metrics(spec) %}
    {#- The custom metrics of a monitor as `metrics`, and as `columns` what they read of the log, each with its type. -#}
    {% set columns = {} %}
    {% set metrics = [] %}
    {% for metric, declared in spec.metrics.items() %}
        {% set expression = ml_monitor.custom_expression(spec.name, metric, declared.sql, spec.label if spec.feedback else none, columns) %}
        {% set meaning = [metric, declared.sql, spec.predictions, spec.feedback, spec.label, spec.segment_columns] %}
        {% do metrics.append(dict(expression, metric=metric, metric_id=local_md5(tojson(meaning, sort_keys=true)))) %}
    {% endfor %}
    {{ return({'metrics': metrics, 'columns': columns}) }}
{% endmacro %}


{% macro any_custom_metrics() %}
    {#- Without custom metrics their models are not built. -#}
    {{ return(ml_monitor.monitors_with_custom_metrics() | length > 0) }}
{% endmacro %}


{% macro monitors_with_custom_metrics() %}
    {% set names = [] %}
    {% for spec in ml_monitor.monitors() if spec.metrics %}
        {% do names.append(spec.name) %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}


{% macro custom_catalogue(spec) %}
    {#- The custom metrics of a monitor as entries of the metric catalogue. -#}
    {% set entries = [] %}
    {% for metric, declared in spec.metrics.items() %}
        {% set breaches = {'up': 'above', 'down': 'below', 'both': 'both'}[declared.direction] %}
        {% do entries.append(dict(ml_monitor._metric(metric, 'custom', 'custom', breaches, declared.sql, [spec.task]), description=declared.get('description'))) %}
    {% endfor %}
    {{ return(entries) }}
{% endmacro %}
