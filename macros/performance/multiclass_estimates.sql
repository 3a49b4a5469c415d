{% macro _multiclass_estimates() %}
    {%- set one_class = 'one class only among the labels' -%}
    {{ return([
        ml_monitor._share('unseen_class_rate', 'n_unseen_labels', 'n_known_labels'),
        ml_monitor._estimate('balanced_accuracy', 'balanced_accuracy', 'balanced_accuracy_error', 'n_actual_classes > 1', one_class, 'n_paired'),
        ml_monitor._estimate('mcc', 'mcc', 'mcc_error', 'mcc is not null', 'one class only among the labels or the predictions', 'n_paired'),
        ml_monitor._estimate('cohen_kappa', 'cohen_kappa', 'cohen_kappa_error', 'cohen_kappa is not null', 'labels and predictions are all of one class', 'n_paired'),
        ml_monitor._mean('log_loss', 'sum_log_loss', 'sum_squared_log_loss', 'n_scored', 'no labelled score'),
        ml_monitor._mean('brier', 'sum_squared_error', 'sum_fourth_error', 'n_scored', 'no labelled score'),
    ] + ml_monitor._micro_estimates() + ml_monitor._averaged_confusion_estimates(one_class) + ml_monitor._averaged_score_estimates()) }}
{% endmacro %}


{% macro _micro_estimates() %}
    {#- With one class per row the micro averages are all the share of rows that are right. -#}
    {%- set estimates = [] -%}
    {%- for metric in ['accuracy', 'micro_precision', 'micro_recall', 'micro_f1', 'micro_f_beta', 'weighted_recall'] -%}
        {%- do estimates.append(ml_monitor._share(metric, 'n_correct', 'n_paired')) -%}
    {%- endfor -%}
    {{ return(estimates) }}
{% endmacro %}


{% macro _averaged_confusion_estimates(one_class) %}
    {%- set estimates = [] -%}
    {%- for metric in ['macro_precision', 'macro_recall', 'macro_f1', 'macro_f_beta', 'weighted_precision', 'weighted_f1', 'weighted_f_beta'] -%}
        {%- do estimates.append(ml_monitor._estimate(metric, metric, metric ~ '_error', metric ~ ' is not null', n='n_paired')) -%}
    {%- endfor -%}
    {#- Of labels of one class only, that class has no specificity: there are no rows of others. -#}
    {%- for metric in ['macro_specificity', 'weighted_specificity', 'macro_mcc', 'weighted_mcc', 'macro_cohen_kappa', 'weighted_cohen_kappa'] -%}
        {%- do estimates.append(ml_monitor._estimate(metric, metric, metric ~ '_error', 'n_actual_classes > 1', one_class, 'n_paired')) -%}
    {%- endfor -%}
    {%- for average, recall_error in {'macro': 'macro_recall_error', 'weighted': 'sqrt(weighted_recall * (1 - weighted_recall) / n_paired)'}.items() -%}
        {%- do estimates.append(ml_monitor._estimate(average ~ '_balanced_accuracy', '(' ~ average ~ '_recall + ' ~ average ~ '_specificity) / 2',
            '(' ~ recall_error ~ ' + ' ~ average ~ '_specificity_error) / 2', 'n_actual_classes > 1', one_class, 'n_paired')) -%}
    {%- endfor -%}
    {{ return(estimates) }}
{% endmacro %}


{% macro _averaged_score_estimates() %}
    {%- set estimates = [dict(ml_monitor._share('micro_average_precision', 'micro_average_precision * n_pooled_positives', 'n_pooled_positives', 'no labelled score'), n='n_scored')] -%}
    {%- for metric in ml_monitor.rank_averages().keys() | list + ['micro_roc_auc'] -%}
        {%- do estimates.append(ml_monitor._estimate(metric, metric, metric ~ '_error', metric ~ ' is not null', 'no class has both a label and a label of another class', 'n_scored')) -%}
    {%- endfor -%}
    {%- set columns = {'brier_reliability': 'class_reliability', 'brier_resolution': 'class_resolution', 'brier_uncertainty': 'class_uncertainty'} -%}
    {%- for metric in ml_monitor.calibration_averages().keys() | list + columns.keys() | list -%}
        {%- set column = columns.get(metric, metric) -%}
        {%- do estimates.append(ml_monitor._estimate(metric, column, column ~ '_error', column ~ ' is not null', 'no labelled score', 'n_scored')) -%}
    {%- endfor -%}
    {{ return(estimates) }}
{% endmacro %}
