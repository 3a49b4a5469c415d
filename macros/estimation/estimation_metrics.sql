{% macro _estimation_metrics() %}
    {#- Metrics of models that have no labels yet, or not all of them. -#}
    {% set family = 'estimated_performance' %}
    {% set binary = ['binary'] %}
    {% set classes = ['binary', 'multiclass'] %}
    {% set many = ['multiclass'] %}
    {% set estimated = ['binary', 'multiclass', 'regression'] %}
    {{ return([
        ml_monitor._metric('nowcast_label_coverage', family, 'share', 'below', 'labels expected in the end / predictions (chain-ladder)'),
        ml_monitor._metric('nowcast_positive_rate', family, 'share', 'above', 'positive labels expected in the end / predictions (chain-ladder)', binary),
        ml_monitor._metric('nowcast_prevalence', family, 'share', 'above', 'positive labels expected in the end / labels expected in the end (chain-ladder)', binary),
        ml_monitor._metric('nowcast_accuracy', family, 'share', 'below', 'right predictions expected in the end / labels expected in the end (chain-ladder)', classes),
        ml_monitor._metric('estimated_accuracy', family, 'share', 'below', 'expected right predictions / predictions, from calibrated scores', classes),
        ml_monitor._metric('estimated_precision', family, 'share', 'below', 'expected positives among the predicted ones / predicted ones, from calibrated scores', binary),
        ml_monitor._metric('estimated_recall', family, 'share', 'below', 'expected positives among the predicted ones / expected positives, from calibrated scores', binary),
        ml_monitor._metric('estimated_f1', family, 'share', 'below', 'F1 of the expected counts, from calibrated scores', binary),
        ml_monitor._metric('estimated_roc_auc', family, 'probability', 'below', 'ROC AUC of the expected counts per calibration bin', binary),
        ml_monitor._metric('estimated_macro_precision', family, 'share', 'below', 'mean over classes of the expected precision, from the calibrated score of each class', many),
        ml_monitor._metric('estimated_macro_recall', family, 'share', 'below', 'mean over classes of the expected recall, from the calibrated score of each class', many),
        ml_monitor._metric('estimated_macro_f1', family, 'share', 'below', 'mean over classes of the expected F1, from the calibrated score of each class', many),
        ml_monitor._metric('estimated_macro_roc_auc', family, 'probability', 'below', 'mean over classes of the ROC AUC of the expected counts per calibration bin of each against all others', many),
        ml_monitor._metric('estimated_weighted_precision', family, 'share', 'below', 'the same precision, weighted by the expected rows of each class', many),
        ml_monitor._metric('estimated_weighted_recall', family, 'share', 'below', 'the same recall, weighted by the expected rows of each class', many),
        ml_monitor._metric('estimated_weighted_f1', family, 'share', 'below', 'the same F1, weighted by the expected rows of each class', many),
        ml_monitor._metric('estimated_weighted_roc_auc', family, 'probability', 'below', 'the same ROC AUC, weighted by the expected rows of each class', many),
        ml_monitor._metric('estimated_log_loss', family, 'nats', 'above', 'mean of the sum over classes of calibrated probability * -ln(score), clipped at 1e-15', many),
        ml_monitor._metric('estimated_mae', family, 'label unit', 'above', 'mean of the error expected at each prediction', ['regression']),
        ml_monitor._metric('concept_drift', 'performance', 'standard errors', 'both', '(realised - estimated accuracy or mean absolute error) / standard error, on labelled predictions', estimated),
        ml_monitor._metric('page_hinkley', 'performance', 'standard deviations', 'above', 'sum of (x - mean so far - 0.25) above its least value so far; x: the error in deviations of the healthy windows', estimated),
        ml_monitor._metric('cusum', 'performance', 'standard deviations', 'above', 'S = max(0, S + x - 0.5); x: the error in deviations of the healthy windows', estimated),
        ml_monitor._metric('ewma', 'performance', 'standard deviations', 'above', 'exponentially weighted mean of x, weight 0.2, in its own standard deviations', estimated),
        ml_monitor._metric('ddm', 'performance', 'standard deviations', 'above', '(p + s - p_min) / s_min of the error rate of all rows so far', classes),
        ml_monitor._metric('estimated_cost', family, 'cost', 'above', 'expected cost per prediction, from calibrated scores and `costs`', binary),
        ml_monitor._metric('cost', 'performance', 'cost', 'above', 'cost of the outcomes / labelled predictions, with `costs`; negative is a gain', binary),
        ml_monitor._metric('business_value', 'performance', 'cost', 'below', 'minus the cost of all labelled predictions of the span together, with `costs`', binary),
        ml_monitor._metric('selection_rate_gap', 'performance', 'share', 'both', 'predicted positives / predictions of a protected group, minus that of everyone else', binary),
        ml_monitor._metric('tpr_gap', 'performance', 'share', 'both', 'recall of a protected group minus that of everyone else', binary),
        ml_monitor._metric('fpr_gap', 'performance', 'share', 'both', 'FP / (FP + TN) of a protected group minus that of everyone else', binary),
        ml_monitor._metric('ppv_gap', 'performance', 'share', 'both', 'precision of a protected group minus that of everyone else', binary),
        ml_monitor._metric('expected_damage', 'drift', 'error', 'above', 'sum((q - p) * mean error of the bin), with `error_profile`', estimated),
        ml_monitor._metric('expected_cost_change', 'drift', 'cost', 'above', 'sum((q - p) * mean cost of the bin), with `error_profile` and `costs`', binary)
    ]) }}
{% endmacro %}
