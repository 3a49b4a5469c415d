{% macro _decision_metrics() %}
    {#- What stands in tables of slices, segments and pairs of versions. -#}
    {%- set binary, classes, estimated = ['binary'], ['binary', 'multiclass'], ['binary', 'multiclass', 'regression'] -%}
    {%- set family = 'performance' -%}
    {%- set paired = ' of the challenger minus that of the champion, on the rows that both scored' -%}
    {{ return([
        ml_monitor._metric('accuracy_difference', family, 'share', 'below', 'accuracy' ~ paired, classes),
        ml_monitor._metric('roc_auc_difference', family, 'probability', 'below', 'ROC AUC' ~ paired, binary),
        ml_monitor._metric('brier_difference', family, 'probability squared', 'above', 'Brier score' ~ paired, binary),
        ml_monitor._metric('mae_difference', family, 'label unit', 'above', 'mean absolute error' ~ paired, ['regression']),
        ml_monitor._metric('worst_slice_gap', family, 'error', 'above', 'largest gap to everyone else of a segment value that is confirmed to be worse; 0 if there is none', estimated),
        ml_monitor._metric('worst_slice_damage', family, 'error', 'above', 'largest share * gap of a segment value that is confirmed to be worse; 0 if there is none', estimated),
        ml_monitor._metric('mix_effect', family, 'error', 'both', 'part of the change of accuracy or mean absolute error that other shares of the segments explain', estimated),
        ml_monitor._metric('rate_effect', family, 'error', 'both', 'part of the change of accuracy or mean absolute error that other values within the segments explain', estimated),
    ]) }}
{% endmacro %}
