{% macro _label_metrics() %}
    {#- Of every task. What cannot be right about labels is a finding about data, not about the model. -#}
    {{ return([
        ml_monitor._metric('label_coverage', 'performance', 'share', 'below', 'labelled predictions / predictions (of a ranking: queries)'),
        ml_monitor._metric('early_label_rate', 'data_quality', 'share', 'above', 'labels older than their prediction / labels'),
        ml_monitor._metric('replaced_label_rate', 'data_quality', 'share', 'above', 'labels that a later one for the same prediction replaced / labels'),
        ml_monitor._metric('invalid_label_rate', 'data_quality', 'share', 'above', 'labels that the task cannot read / labels'),
        ml_monitor._metric('invalid_prediction_rate', 'data_quality', 'share', 'above', 'predictions that are neither of the two classes / predictions', ['binary']),
        ml_monitor._metric('unseen_class_rate', 'data_quality', 'share', 'above', 'labels of a class that the reference never predicted / labels', ['multiclass']),
    ]) }}
{% endmacro %}


{% macro _performance_family(rows, tasks) %}
    {%- set metrics = [] -%}
    {%- for metric, unit, breaches, formula in rows -%}
        {%- do metrics.append(ml_monitor._metric(metric, 'performance', unit, breaches, formula, tasks)) -%}
    {%- endfor -%}
    {{ return(metrics) }}
{% endmacro %}


{% macro _binary_metrics() %}
    {#- The first ones of several classes too. -#}
    {{ return(ml_monitor._performance_family([
        ('accuracy', 'share', 'below', '(TP + TN) / n; of many classes: right rows / n'),
        ('balanced_accuracy', 'share', 'below', 'mean of the recalls of the classes that have labels'),
        ('mcc', 'correlation', 'below', '(agreement - chance agreement) / sqrt((1 - sum(predicted share^2)) * (1 - sum(actual share^2))): Matthews correlation coefficient'),
        ('cohen_kappa', 'share', 'below', '(agreement - chance agreement) / (1 - chance agreement)'),
        ('log_loss', 'nats', 'above', 'mean of -ln(probability given to what happened), clipped at 1e-15'),
        ('brier', 'probability squared', 'above', 'mean of (score - label)^2; of many classes summed over them'),
        ('brier_reliability', 'probability squared', 'above', 'sum(n_b / n * (mean score_b - rate_b)^2) over ten bands of score; of many classes summed over them'),
        ('brier_resolution', 'probability squared', 'below', 'sum(n_b / n * (rate_b - rate)^2) over ten bands of score; of many classes summed over them'),
        ('brier_uncertainty', 'probability squared', 'above', 'rate * (1 - rate); of many classes summed over them'),
    ], ['binary', 'multiclass']) + ml_monitor._performance_family([
        ('prevalence', 'share', 'above', 'positive labels / labels'),
        ('precision', 'share', 'below', 'TP / (TP + FP)'),
        ('recall', 'share', 'below', 'TP / (TP + FN)'),
        ('specificity', 'share', 'below', 'TN / (TN + FP)'),
        ('f1', 'share', 'below', '2 TP / (2 TP + FP + FN)'),
        ('f_beta', 'share', 'below', '(1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP)'),
        ('roc_auc', 'probability', 'below', 'P(score of a positive > score of a negative) + half of the ties'),
        ('gini', 'share', 'below', '2 ROC AUC - 1'),
        ('average_precision', 'share', 'below', 'mean, over the positives, of the precision at their score'),
        ('ks_separation', 'share', 'below', 'largest gap between the distribution functions of the scores of positives and negatives'),
        ('lift', 'ratio', 'below', 'share of positives among the highest scores (lift_at of the rows) / prevalence'),
        ('expected_calibration_error', 'probability', 'above', 'sum(n_b / n * abs(mean score_b - rate_b)) over ten bands of score'),
        ('observed_to_expected', 'ratio', 'both', 'positive labels / sum of scores'),
        ('calibration_slope', 'ratio', 'both', 'covariance(score, label) / variance(score)'),
    ], ['binary'])) }}
{% endmacro %}


{% macro _multiclass_metrics() %}
    {{ return(ml_monitor._performance_family([
        ('micro_precision', 'share', 'below', 'right rows / n: with one class per row all micro averages are the accuracy'),
        ('micro_recall', 'share', 'below', 'right rows / n'),
        ('micro_f1', 'share', 'below', 'right rows / n'),
        ('micro_f_beta', 'share', 'below', 'right rows / n'),
        ('macro_precision', 'share', 'below', 'mean of the precisions of all classes'),
        ('macro_recall', 'share', 'below', 'mean of the recalls of all classes'),
        ('macro_f1', 'share', 'below', 'mean of the F1 of all classes'),
        ('macro_f_beta', 'share', 'below', 'mean of the F-beta of all classes'),
        ('macro_specificity', 'share', 'below', 'mean of the specificities of all classes'),
        ('weighted_precision', 'share', 'below', 'mean of the precisions of all classes, weighted by their labels'),
        ('weighted_recall', 'share', 'below', 'mean of the recalls of all classes, weighted by their labels'),
        ('weighted_f1', 'share', 'below', 'mean of the F1 of all classes, weighted by their labels'),
        ('weighted_f_beta', 'share', 'below', 'mean of the F-beta of all classes, weighted by their labels'),
        ('weighted_specificity', 'share', 'below', 'mean of the specificities of all classes, weighted by their labels'),
        ('macro_balanced_accuracy', 'share', 'below', '(macro recall + macro specificity) / 2: mean of the balanced accuracies of each class against all others'),
        ('weighted_balanced_accuracy', 'share', 'below', 'the same, weighted by labels'),
        ('macro_mcc', 'correlation', 'below', 'mean over classes of the Matthews correlation of each against all others'),
        ('weighted_mcc', 'correlation', 'below', 'the same, weighted by labels'),
        ('macro_cohen_kappa', 'share', 'below', 'mean over classes of the kappa of each against all others'),
        ('weighted_cohen_kappa', 'share', 'below', 'the same, weighted by labels'),
    ], ['multiclass']) + ml_monitor._class_average_metrics() + ml_monitor._class_metrics()) }}
{% endmacro %}


{% macro _class_average_metrics() %}
    {#- Of the scores of each class against all others. -#}
    {{ return(ml_monitor._performance_family([
        ('micro_roc_auc', 'probability', 'below', 'ROC AUC of the scores of all classes together'),
        ('micro_average_precision', 'share', 'below', 'average precision of the scores of all classes together'),
        ('macro_roc_auc', 'probability', 'below', 'mean over classes of the ROC AUC of each against all others'),
        ('weighted_roc_auc', 'probability', 'below', 'the same, weighted by labels'),
        ('macro_gini', 'share', 'below', 'mean over classes of 2 ROC AUC - 1'),
        ('weighted_gini', 'share', 'below', 'the same, weighted by labels'),
        ('macro_average_precision', 'share', 'below', 'mean over classes of the average precision of each against all others'),
        ('weighted_average_precision', 'share', 'below', 'the same, weighted by labels'),
        ('macro_ks_separation', 'share', 'below', 'mean over classes of the largest gap between the distribution functions of the score of the class and all others'),
        ('weighted_ks_separation', 'share', 'below', 'the same, weighted by labels'),
        ('macro_lift', 'ratio', 'below', 'mean over classes of the lift of each: share of the class among the highest of its scores (lift_at of the rows) / share of the class'),
        ('weighted_lift', 'ratio', 'below', 'the same, weighted by labels'),
        ('macro_calibration_slope', 'ratio', 'both', 'mean over classes of the calibration slope of each against all others'),
        ('weighted_calibration_slope', 'ratio', 'both', 'the same, weighted by labels'),
        ('macro_expected_calibration_error', 'probability', 'above', 'mean over classes of the expected calibration error of each against all others'),
        ('weighted_expected_calibration_error', 'probability', 'above', 'the same, weighted by labels'),
        ('macro_log_loss', 'nats', 'above', 'mean over classes of the log loss of each against all others'),
        ('weighted_log_loss', 'nats', 'above', 'the same, weighted by labels'),
        ('macro_brier', 'probability squared', 'above', 'mean over classes of the Brier score of each against all others: brier / classes where every row has all scores'),
        ('weighted_brier', 'probability squared', 'above', 'the same, weighted by labels'),
    ], ['multiclass'])) }}
{% endmacro %}


{% macro _class_metrics() %}
    {#- Of each class against all others. -#}
    {{ return(ml_monitor._performance_family([
        ('class_accuracy', 'share', 'below', 'rows predicted rightly as the class or as another / n'),
        ('class_balanced_accuracy', 'share', 'below', '(recall + specificity of the class) / 2'),
        ('class_mcc', 'correlation', 'below', 'Matthews correlation of the class against all others'),
        ('class_cohen_kappa', 'share', 'below', 'kappa of the class against all others'),
        ('class_prevalence', 'share', 'above', 'labels of the class / labels'),
        ('class_precision', 'share', 'below', 'rows rightly predicted as the class / rows predicted as the class'),
        ('class_recall', 'share', 'below', 'rows rightly predicted as the class / rows of the class'),
        ('class_specificity', 'share', 'below', 'rows neither of the class nor predicted as it / rows of other classes'),
        ('class_f1', 'share', 'below', '2 right / (predicted + actual) rows of the class'),
        ('class_f_beta', 'share', 'below', '(1 + beta^2) right / (predicted + beta^2 actual) rows of the class'),
        ('class_roc_auc', 'probability', 'below', 'ROC AUC of the class against all others, by its own probability'),
        ('class_average_precision', 'share', 'below', 'average precision of the class against all others'),
        ('class_gini', 'share', 'below', '2 ROC AUC of the class - 1'),
        ('class_ks_separation', 'share', 'below', 'largest gap between the distribution functions of the score of the class and all others'),
        ('class_expected_calibration_error', 'probability', 'above', 'sum(n_b / n * abs(mean score_b - rate_b)) over ten bands of the score of the class'),
        ('class_observed_to_expected', 'ratio', 'both', 'labels of the class / sum of its scores'),
        ('class_calibration_slope', 'ratio', 'both', 'covariance(score of the class, row of the class) / variance(score of the class)'),
        ('class_lift', 'ratio', 'below', 'share of the class among the highest of its scores (lift_at of the rows) / share of the class'),
        ('class_log_loss', 'nats', 'above', 'mean of -ln(score of the class) of its rows and -ln(1 - score) of others, clipped at 1e-15'),
        ('class_brier', 'probability squared', 'above', 'mean of (score of the class - row of the class)^2'),
        ('class_brier_reliability', 'probability squared', 'above', 'sum(n_b / n * (mean score_b - rate_b)^2) over ten bands of the score of the class'),
        ('class_brier_resolution', 'probability squared', 'below', 'sum(n_b / n * (rate_b - rate)^2) over ten bands of the score of the class'),
        ('class_brier_uncertainty', 'probability squared', 'above', 'rate of the class * (1 - rate)'),
    ], ['multiclass'])) }}
{% endmacro %}


{% macro _regression_metrics() %}
    {{ return(ml_monitor._performance_family([
        ('mae', 'label unit', 'above', 'mean of abs(prediction - label)'),
        ('rmse', 'label unit', 'above', 'square root of the mean of (prediction - label)^2'),
        ('bias', 'label unit', 'both', 'mean of (prediction - label)'),
        ('r2', 'share', 'below', '1 - sum of squared errors / sum of squares around the mean label of the span'),
        ('mape', 'share', 'above', 'mean of abs(prediction - label) / abs(label) over labels other than 0'),
        ('mape_excluded_rate', 'share', 'above', 'labels of 0, which mape leaves out / labels'),
        ('wape', 'share', 'above', 'sum of abs(prediction - label) / sum of abs(label)'),
        ('smape', 'share', 'above', 'mean of 2 abs(prediction - label) / (abs(prediction) + abs(label)); 0 where both are 0'),
        ('rmsle', 'log ratio', 'above', 'square root of the mean of (ln(1 + prediction) - ln(1 + label))^2 where both are above -1'),
        ('pinball', 'label unit', 'above', 'mean of quantile * (label - prediction) below the label, (1 - quantile) * (prediction - label) above it'),
        ('interval_coverage', 'share', 'below', 'labels within lower and upper / labels with an interval'),
        ('error_p50', 'label unit', 'above', 'median of abs(prediction - label), from bins 10 % wide'),
        ('error_p90', 'label unit', 'above', '90 % quantile of abs(prediction - label), from bins 10 % wide'),
    ], ['regression'])) }}
{% endmacro %}


{% macro _ranking_metrics() %}
    {{ return(ml_monitor._performance_family([
        ('ndcg', 'share', 'below', 'mean over queries of DCG / ideal DCG of the first k, gains 2^relevance - 1'),
        ('mrr', 'share', 'below', 'mean over queries of 1 / rank of the first relevant item of the first k, else 0'),
        ('map', 'share', 'below', 'mean over queries of the average precision of the first k'),
        ('hit_rate', 'share', 'below', 'queries with a relevant item among the first k / queries'),
        ('item_coverage', 'share', 'below', 'items among the first k of any query / items that were ranked'),
    ], ['ranking'])) }}
{% endmacro %}
