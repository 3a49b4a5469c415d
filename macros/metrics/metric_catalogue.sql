{% macro metric_catalogue() %}
    {#- Every metric the package computes. `breaches`: the side of a threshold on which a value is bad; with 'both' its size counts.
        A macro and not a seed, because thresholds are checked against it when dbt parses. -#}
    {{ return(ml_monitor._drift_metrics() + ml_monitor._quality_metrics()
        + ml_monitor._intake_metrics() + ml_monitor._performance_metrics() + ml_monitor._estimation_metrics()) }}
{% endmacro %}


{% macro _metric(metric, family, unit, breaches, formula, tasks=none) %}
    {{ return({
        'metric': metric, 'family': family, 'unit': unit, 'breaches': breaches, 'formula': formula,
        'tasks': tasks or ['binary', 'regression'],
    }) }}
{% endmacro %}


{% macro _drift_metrics() %}
    {%- set metrics = [] -%}
    {%- set formulas = {
        'psi': ['nats', 'sum((q - p) * ln(q / p)), smoothed'],
        'kl_divergence': ['nats', 'KL(window || reference) = sum(q * ln(q / p)), smoothed'],
        'js_divergence': ['bits', 'mean Kullback-Leibler divergence of both sides from their middle, log base 2'],
        'js_distance': ['sqrt bits', 'square root of the Jensen-Shannon divergence, log base 2'],
        'hellinger': ['distance', 'sqrt(1 - sum(sqrt(p * q)))'],
        'total_variation': ['share', 'sum(abs(p - q)) / 2: the share of rows that moved'],
        'l_infinity': ['share', 'max(abs(p - q)): the change of the bin that moved most'],
        'chi_squared': ['statistic', 'two-sample chi-squared over the bins that either side fills'],
        'cramers_v': ['effect size', 'sqrt(chi_squared / (N + M))'],
    } -%}
    {%- for metric, (unit, formula) in formulas.items() -%}
        {%- do metrics.append(ml_monitor._metric(metric, 'drift', unit, 'above', formula ~ '; over value bins')) -%}
        {%- do metrics.append(ml_monitor._metric(metric ~ '_with_missing', 'drift', unit, 'above', formula ~ '; missing and invalid values are bins too')) -%}
    {%- endfor -%}
    {{ return(metrics + [
        ml_monitor._metric('psi_trailing', 'drift', 'nats', 'above', 'psi against the windows just before the span'),
        ml_monitor._metric('ks', 'drift', 'share', 'above', 'largest gap between the distribution functions, at the bin edges (numeric features)'),
        ml_monitor._metric('wasserstein', 'drift', 'robust std', 'above', 'area between the distribution functions, straight between bin edges, in (q95 - q05) / 3.29 of the reference (numeric features)'),
        ml_monitor._metric('mean_shift', 'drift', 'reference std', 'both', '(mean - mean of the reference) / std of the reference (numeric features)'),
        ml_monitor._metric('std_change', 'drift', 'share', 'both', 'std / std of the reference - 1 (numeric features)'),
    ]) }}
{% endmacro %}


{% macro _quality_metrics() %}
    {{ return([
        ml_monitor._metric('missing_rate', 'data_quality', 'share', 'above', 'NULL values / rows'),
        ml_monitor._metric('missing_rate_increase', 'data_quality', 'share', 'above', 'missing_rate minus missing_rate of the reference'),
        ml_monitor._metric('invalid_rate', 'data_quality', 'share', 'above', 'values that are not a finite number / rows (numeric features)'),
        ml_monitor._metric('unseen_rate', 'data_quality', 'share', 'above', 'categories absent from the reference / non-missing rows'),
        ml_monitor._metric('out_of_range_rate', 'data_quality', 'share', 'above', 'values outside the minimum and maximum of the reference / valid rows'),
    ]) }}
{% endmacro %}


{% macro _intake_metrics() %}
    {{ return([
        ml_monitor._metric('row_count', 'intake', 'rows', 'below', 'predictions in the window'),
        ml_monitor._metric('volume_ratio', 'intake', 'ratio', 'below', 'rows per window / rows per window of the trailing baseline'),
        ml_monitor._metric('seasonal_volume_ratio', 'intake', 'ratio', 'below', 'rows per window / mean of the same weekday (day) or hour of the week (hour) in the last four weeks'),
        ml_monitor._metric('duplicate_rate', 'intake', 'share', 'above', '1 - distinct prediction ids / rows'),
        ml_monitor._metric('untimely_rate', 'intake', 'share', 'above', 'rows with no prediction time or one in the future / rows'),
        ml_monitor._metric('late_rate', 'intake', 'share', 'above', 'rows that arrived after their window had closed / rows (needs loaded_at)'),
        ml_monitor._metric('freshness', 'intake', 'hours', 'above', 'end of the window minus the newest prediction'),
        ml_monitor._metric('orphan_label_rate', 'intake', 'share', 'above', 'labels without a prediction / labels, by time of label'),
        ml_monitor._metric('schema_changes', 'intake', 'changes', 'above', 'declared columns of the log that vanished or changed type'),
    ]) }}
{% endmacro %}


{% macro _performance_metrics() %}
    {% set binary = ['binary'] %}
    {% set regression = ['regression'] %}
    {{ return([
        ml_monitor._metric('label_coverage', 'performance', 'share', 'below', 'labelled predictions / predictions'),
        ml_monitor._metric('prevalence', 'performance', 'share', 'above', 'positive labels / labels', binary),
        ml_monitor._metric('accuracy', 'performance', 'share', 'below', '(TP + TN) / n', binary),
        ml_monitor._metric('precision', 'performance', 'share', 'below', 'TP / (TP + FP)', binary),
        ml_monitor._metric('recall', 'performance', 'share', 'below', 'TP / (TP + FN)', binary),
        ml_monitor._metric('f1', 'performance', 'share', 'below', '2 TP / (2 TP + FP + FN)', binary),
        ml_monitor._metric('roc_auc', 'performance', 'probability', 'below', 'P(score of a positive > score of a negative) + half of the ties', binary),
        ml_monitor._metric('log_loss', 'performance', 'nats', 'above', 'mean of -ln(probability given to what happened), clipped at 1e-15', binary),
        ml_monitor._metric('brier', 'performance', 'probability squared', 'above', 'mean of (score - label)^2', binary),
        ml_monitor._metric('mae', 'performance', 'label unit', 'above', 'mean of abs(prediction - label)', regression),
        ml_monitor._metric('rmse', 'performance', 'label unit', 'above', 'square root of the mean of (prediction - label)^2', regression),
        ml_monitor._metric('bias', 'performance', 'label unit', 'above', 'mean of (prediction - label)', regression),
        ml_monitor._metric('r2', 'performance', 'share', 'below', '1 - sum of squared errors / sum of squares around the mean label of the span', regression),
    ]) }}
{% endmacro %}
