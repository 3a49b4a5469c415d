{% macro _estimation_metrics() %}
    {#- Metrics of models that have no labels yet, or not all of them. -#}
    {% set family = 'estimated_performance' %}
    {% set binary = ['binary'] %}
    {{ return([
        ml_monitor._metric('nowcast_label_coverage', family, 'share', 'below', 'labels expected in the end / predictions (chain-ladder)'),
        ml_monitor._metric('nowcast_positive_rate', family, 'share', 'above', 'positive labels expected in the end / predictions (chain-ladder)', binary),
        ml_monitor._metric('nowcast_prevalence', family, 'share', 'above', 'positive labels expected in the end / labels expected in the end (chain-ladder)', binary),
        ml_monitor._metric('nowcast_accuracy', family, 'share', 'below', 'right predictions expected in the end / labels expected in the end (chain-ladder)', binary),
    ]) }}
{% endmacro %}
