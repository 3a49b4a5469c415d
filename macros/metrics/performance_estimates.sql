{% macro performance_estimates(totals) %}
    {#- One row per metric with a 95 % interval: Wilson for shares, DeLong for the AUC, the delta method for F1 and RMSE, the
        standard error of the mean for mean losses. A metric that is not defined (0 / 0, one class) has no row. -#}
    {%- set shares = {
        'label_coverage': ['n', 'n_predictions'],
        'prevalence': ['(tp + fn)', 'n'],
        'accuracy': ['(tp + tn)', 'n'],
        'precision': ['tp', '(tp + fp)'],
        'recall': ['tp', '(tp + fn)'],
    } -%}
    {%- set f1_error = 'sqrt(4e0 * tp * (fp + fn) * (tp + fp + fn)) / power(2e0 * tp + fp + fn, 2)' -%}
    {%- set rmse_error = ml_monitor.mean_error('sum_squared_error', 'sum_fourth_error', 'n') ~ ' / (2 * sqrt(sum_squared_error / n))' -%}
    {%- set means = {
        'f1': ['2e0 * tp / (2 * tp + fp + fn)', f1_error, '2 * tp + fp + fn > 0'],
        'roc_auc': ['roc_auc', 'roc_auc_error', 'roc_auc is not null'],
        'log_loss': ['sum_log_loss / n', ml_monitor.mean_error('sum_log_loss', 'sum_squared_log_loss', 'n'), 'sum_log_loss is not null'],
        'brier': ['sum_squared_error / n', ml_monitor.mean_error('sum_squared_error', 'sum_fourth_error', 'n'), 'sum_squared_error is not null'],
        'mae': ['sum_absolute_error / n', ml_monitor.mean_error('sum_absolute_error', 'sum_squared_error', 'n'), 'sum_absolute_error is not null'],
        'rmse': ['sqrt(sum_squared_error / n)', rmse_error, 'sum_squared_error > 0'],
        'bias': ['sum_error / n', ml_monitor.mean_error('sum_error', 'sum_squared_error', 'n'), 'sum_error is not null'],
        'r2': ['1 - sum_squared_error / (sum_squared_label - sum_label * sum_label / n)', 'null', 'sum_squared_label - sum_label * sum_label / n > 0'],
    } -%}
    {%- set keys = 'monitor, window_number, span, model_version, segment, segment_value' -%}
    {%- for metric, (successes, n) in shares.items() %}
    select {{ keys }}, '{{ metric }}' as metric, 1e0 * {{ successes }} / {{ n }} as metric_value, {{ n }} as sample_size,
        {{ ml_monitor.wilson_bound(successes, n, '-') }} as lower_bound,
        {{ ml_monitor.wilson_bound(successes, n, '+') }} as upper_bound,
        1e0 * n / n_predictions as label_coverage
    from {{ totals }}
    where {{ n }} > 0
    union all
    {%- endfor %}
    {%- for metric, (value, error, defined) in means.items() %}
    select {{ keys }}, '{{ metric }}', {{ value }}, n,
        {{ value }} - 1.959963984540054 * ({{ error }}), {{ value }} + 1.959963984540054 * ({{ error }}), 1e0 * n / n_predictions
    from {{ totals }}
    where n > 0 and {{ defined }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}
