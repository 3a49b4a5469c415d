{% macro _age_metrics() %}
    {#- Metrics of performance from the labels that had come when a window was `label_delay` windows old. -#}
    {%- set metrics = [] -%}
    {%- for metric in ml_monitor._label_metrics() + ml_monitor._binary_metrics() + ml_monitor._regression_metrics() if metric.metric in ml_monitor.age_metrics() -%}
        {%- do metrics.append(dict(metric, metric=metric.metric ~ '_at_age', tasks=metric.tasks | reject('equalto', 'ranking') | list,
            formula=metric.formula ~ '; with the labels that had come by `label_delay`')) -%}
    {%- endfor -%}
    {{ return(metrics) }}
{% endmacro %}


{% macro age_metrics() %}
    {#- What the sums of the triangle and the order of the scores suffice for. -#}
    {{ return(['label_coverage', 'prevalence', 'accuracy', 'precision', 'recall', 'specificity', 'f1', 'roc_auc', 'gini', 'average_precision', 'ks_separation',
        'log_loss', 'brier', 'mae', 'rmse', 'bias']) }}
{% endmacro %}
