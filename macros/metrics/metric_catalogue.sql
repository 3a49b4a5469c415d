{% macro metric_catalogue() %}
    {#- Every metric the package computes. `breaches`: the side of a threshold on which a value is bad; with 'both' its distance from `target` counts.
        A macro and not a seed, because thresholds are checked against it when dbt parses. -#}
    {{ return(ml_monitor._drift_metrics() + ml_monitor._multivariate_metrics() + ml_monitor._quality_metrics()
        + ml_monitor._intake_metrics() + ml_monitor._service_metrics() + ml_monitor._label_metrics() + ml_monitor._binary_metrics() + ml_monitor._multiclass_metrics()
        + ml_monitor._regression_metrics() + ml_monitor._ranking_metrics() + ml_monitor._estimation_metrics() + ml_monitor._selective_metrics() + ml_monitor._decision_metrics()
        + ml_monitor._age_metrics() + ml_monitor._behaviour_metrics()) }}
{% endmacro %}


{% macro _metric(metric, family, unit, breaches, formula, tasks=none, needs=none) %}
    {{ return({
        'metric': metric, 'family': family, 'unit': unit, 'breaches': breaches, 'formula': formula,
        'tasks': tasks or ['binary', 'multiclass', 'regression', 'ranking'], 'needs': needs, 'target': 1 if unit == 'ratio' else 0,
    }) }}
{% endmacro %}


{% macro distance_formulas() %}
    {#- Unit and formula of each distance between two histograms: there is one for each of the `bin_kinds()`. -#}
    {{ return({
        'psi': ['nats', 'sum((q - p) * ln(q / p)), smoothed'],
        'kl_divergence': ['nats', 'KL(window || reference) = sum(q * ln(q / p)), smoothed'],
        'js_divergence': ['bits', 'mean Kullback-Leibler divergence of both sides from their middle, log base 2'],
        'js_distance': ['sqrt bits', 'square root of the Jensen-Shannon divergence, log base 2'],
        'hellinger': ['distance', 'sqrt(1 - sum(sqrt(p * q)))'],
        'total_variation': ['share', 'sum(abs(p - q)) / 2: the share of rows that moved'],
        'l_infinity': ['share', 'max(abs(p - q)): the change of the bin that moved most'],
        'chi_squared': ['statistic', 'two-sample chi-squared over the bins that either side fills'],
        'cramers_v': ['effect size', 'sqrt(chi_squared / (N + M))'],
    }) }}
{% endmacro %}


{% macro _drift_metrics() %}
    {%- set metrics = [] -%}
    {%- for metric, (unit, formula) in ml_monitor.distance_formulas().items() -%}
        {%- do metrics.append(ml_monitor._metric(metric, 'drift', unit, 'above', formula ~ '; over value bins')) -%}
        {%- do metrics.append(ml_monitor._metric(metric ~ '_with_missing', 'drift', unit, 'above', formula ~ '; missing and invalid values are bins too')) -%}
        {%- do metrics.append(ml_monitor._metric(metric ~ '_without_unseen', 'drift', unit, 'above', formula ~ '; over the bins of the reference alone (categorical features)')) -%}
    {%- endfor -%}
    {{ return(metrics + [
        ml_monitor._metric('psi_trailing', 'drift', 'nats', 'above', 'psi against the windows just before the span'),
        ml_monitor._metric('ks', 'drift', 'share', 'above', 'largest gap between the distribution functions, at the bin edges (numeric features)'),
        ml_monitor._metric('wasserstein', 'drift', 'robust std', 'above', 'area between the distribution functions, straight between bin edges, in (q95 - q05) / 3.29 of the reference (numeric features)'),
        ml_monitor._metric('mean_shift', 'drift', 'reference std', 'both', '(mean - mean of the reference) / std of the reference (numeric features)'),
        ml_monitor._metric('std_change', 'drift', 'share', 'both', 'std / std of the reference - 1 (numeric features)'),
    ]) }}
{% endmacro %}


{% macro _multivariate_metrics() %}
    {%- set metrics = [] -%}
    {%- set formulas = {
        'hotelling_t2': ['statistic', 'N M / (N + M) * d\' S^-1 d: difference d of the mean vectors, covariance S of the reference'],
        'mahalanobis': ['std', 'sqrt(d\' S^-1 d): the same shift of the means, whatever the number of rows'],
        'correlation_change': ['correlation', 'largest abs(r - r of the reference) of any pair of features'],
        'reconstruction_error': ['ratio', 'mean squared distance from the principal components that explain 65 % of the reference / that of the reference'],
    } -%}
    {%- for metric, (unit, formula) in formulas.items() -%}
        {%- do metrics.append(ml_monitor._metric(metric, 'drift', unit, 'above', formula, needs='multivariate')) -%}
    {%- endfor -%}
    {{ return(metrics) }}
{% endmacro %}


{% macro _quality_metrics() %}
    {{ return([
        ml_monitor._metric('missing_rate', 'data_quality', 'share', 'above', 'NULL values / rows'),
        ml_monitor._metric('missing_rate_increase', 'data_quality', 'share', 'above', 'missing_rate minus missing_rate of the reference'),
        ml_monitor._metric('invalid_rate', 'data_quality', 'share', 'above', 'values that are not a finite number / rows (numeric features)'),
        ml_monitor._metric('unseen_rate', 'data_quality', 'share', 'above', 'categories absent from the reference / non-missing rows'),
        ml_monitor._metric('vanished_rate', 'data_quality', 'share', 'above', 'share in the reference of categories that were expected five times or more and never came'),
        ml_monitor._metric('category_count', 'data_quality', 'categories', 'above', 'distinct categories, unseen ones too'),
        ml_monitor._metric('category_count_ratio', 'data_quality', 'ratio', 'above', 'category_count / categories that so many rows of the reference would have'),
        ml_monitor._metric('point_mass_increase', 'data_quality', 'share', 'above', 'largest gain of a single value: share in the window minus share in the reference (numeric features)'),
        ml_monitor._metric('out_of_bounds_rate', 'data_quality', 'share', 'above', 'values outside the declared min, max or allowed / valid rows (features that declare them)'),
        ml_monitor._metric('out_of_range_rate', 'data_quality', 'share', 'above', 'values outside the minimum and maximum of the reference / valid rows'),
    ]) }}
{% endmacro %}


{% macro _service_metrics() %}
    {%- set quantile = 'quantile of latency_ms, interpolated in bins that are 5 % wide' -%}
    {{ return([
        ml_monitor._metric('latency_p50', 'service', 'ms', 'above', '50 % ' ~ quantile, needs='service'),
        ml_monitor._metric('latency_p95', 'service', 'ms', 'above', '95 % ' ~ quantile, needs='service'),
        ml_monitor._metric('latency_p99', 'service', 'ms', 'above', '99 % ' ~ quantile, needs='service'),
        ml_monitor._metric('error_share', 'service', 'share', 'above', 'failed requests / requests of which the log says whether they failed', needs='service'),
        ml_monitor._metric('timeout_share', 'service', 'share', 'above', 'requests that timed out / requests of which the log says whether they did', needs='service'),
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
