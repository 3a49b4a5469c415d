{% macro _binary_estimates() %}
    {%- set n = '(tp + fp + fn + tn)' -%}
    {%- set one_class = 'one class only among the labels' -%}
    {%- set f1_error = 'sqrt(4e0 * tp * (fp + fn) * (tp + fp + fn)) / power(2e0 * tp + fp + fn, 2)' -%}
    {%- set b = '(1 + beta_squared)' -%}
    {%- set f_size = '(' ~ b ~ ' * tp + beta_squared * fn + fp)' -%}
    {%- set f_error = b ~ ' * sqrt(tp * power(beta_squared * fn + fp, 2) + (beta_squared * beta_squared * fn + fp) * tp * tp) / power(' ~ f_size ~ ', 2)' -%}
    {{ return([
        ml_monitor._share('invalid_prediction_rate', 'n_invalid_prediction', 'n_rows', 'no predictions'),
        ml_monitor._share('prevalence', 'n_positives', 'n'),
        ml_monitor._share('accuracy', 'tp + tn', n),
        ml_monitor._share('precision', 'tp', '(tp + fp)', 'nothing with a label was predicted positive'),
        ml_monitor._share('recall', 'tp', '(tp + fn)', 'no positive label'),
        ml_monitor._share('specificity', 'tn', '(tn + fp)', 'no negative label'),
        ml_monitor._estimate('f1', '2e0 * tp / (2 * tp + fp + fn)', f1_error, '2 * tp + fp + fn > 0', 'nothing is positive, neither predicted nor observed', n),
        ml_monitor._estimate('f_beta', b ~ ' * tp / ' ~ f_size, f_error, 'tp + fp + fn > 0', 'nothing is positive, neither predicted nor observed', n),
        ml_monitor._estimate('balanced_accuracy', 'balanced_accuracy', 'balanced_accuracy_error', 'n_actual_classes > 1', one_class, n),
        ml_monitor._estimate('mcc', 'mcc', 'mcc_error', 'mcc is not null', 'one class only among the labels or the predictions', n),
        ml_monitor._estimate('cohen_kappa', 'cohen_kappa', 'cohen_kappa_error', 'cohen_kappa is not null', 'labels and predictions are all of one class', n),
    ] + ml_monitor._score_estimates(one_class) + ml_monitor._calibration_estimates()) }}
{% endmacro %}


{% macro _score_estimates(one_class) %}
    {#- How well the scores rank. Average precision: a proportion of the positives (Boyd, Eng and Page 2013). -#}
    {{ return([
        ml_monitor._estimate('roc_auc', 'roc_auc', 'roc_auc_error', 'roc_auc is not null', one_class, 'n_scored'),
        ml_monitor._estimate('gini', '2 * roc_auc - 1', '2 * roc_auc_error', 'roc_auc is not null', one_class, 'n_scored'),
        ml_monitor._estimate('ks_separation', 'ks_separation', ml_monitor.ks_error(), 'roc_auc is not null', one_class, 'n_scored'),
        dict(ml_monitor._share('average_precision', 'average_precision * all_positives', 'all_positives', 'no positive label'), n='n_scored'),
        ml_monitor._lift_estimate('lift', '', 'no positive label', 'n_scored'),
    ]) }}
{% endmacro %}


{% macro _lift_estimate(metric, of, why, n) %}
    {#- Captured positives over what chance captures; `of` is the prefix of the columns. -#}
    {%- set lift = ml_monitor._share(metric, of ~ 'captured_positives', of ~ 'all_positives', why) -%}
    {%- for part in ['value', 'lower', 'upper'] -%}
        {%- do lift.update({part: '(' ~ lift[part] ~ ') / ' ~ of ~ 'lift_at'}) -%}
    {%- endfor -%}
    {{ return(dict(lift, n=n)) }}
{% endmacro %}


{% macro _calibration_estimates() %}
    {%- set squares = '(sum_squared_error + 2 * sum_positive_score - n_scored_positives)' -%}
    {%- set spread = '(' ~ squares ~ ' - sum_scored * sum_scored / n_scored)' -%}
    {%- set ratio = '(n_scored_positives / sum_scored)' -%}
    {%- set rate = '(1e0 * n_scored_positives / n_scored)' -%}
    {%- set ratio_error = ml_monitor.observed_to_expected_error(ratio, 'n_scored_positives', 'sum_scored', 'sum_positive_score', squares) -%}
    {{ return([
        ml_monitor._mean('log_loss', 'sum_log_loss', 'sum_squared_log_loss', 'n_scored', 'no labelled score'),
        ml_monitor._mean('brier', 'sum_squared_error', 'sum_fourth_error', 'n_scored', 'no labelled score'),
        ml_monitor._estimate('brier_reliability', 'reliability', 'reliability_error', 'reliability is not null', 'no labelled score', 'n_scored'),
        ml_monitor._estimate('brier_resolution', 'resolution', 'resolution_error', 'resolution is not null', 'no labelled score', 'n_scored'),
        ml_monitor._estimate('brier_uncertainty', rate ~ ' * (1 - ' ~ rate ~ ')', ml_monitor.uncertainty_error(rate, 'n_scored'), 'n_scored > 0', 'no labelled score', 'n_scored'),
        ml_monitor._estimate('expected_calibration_error', 'calibration_error', 'calibration_error_error', 'calibration_error is not null', 'no labelled score', 'n_scored'),
        ml_monitor._estimate('observed_to_expected', ratio, ratio_error, 'sum_scored > 0', 'no labelled score above 0', 'n_scored'),
        ml_monitor._estimate('calibration_slope', '(sum_positive_score - sum_scored * n_scored_positives / n_scored) / ' ~ spread, 'calibration_slope_error',
            'calibration_slope_error is not null', 'all scores are equal', 'n_scored'),
    ]) }}
{% endmacro %}
