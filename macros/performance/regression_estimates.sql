{% macro _regression_estimates() %}
    {#- R2: the delta method with normal labels, the interval of Olkin and Finn (1995) when errors and predictions are unrelated. -#}
    {%- set n = 'n_scored' -%}
    {%- set spread = '(sum_squared_label - sum_label * sum_label / n_scored)' -%}
    {%- set covariance = '(sum_error_label - sum_error * sum_label / n_scored)' -%}
    {%- set error_spread = '(sum_squared_error - sum_error * sum_error / n_scored)' -%}
    {%- set unrelated = ml_monitor.non_negative('(1 - ' ~ covariance ~ ' * ' ~ covariance ~ ' / ' ~ error_spread ~ ' / ' ~ spread ~ ')') -%}
    {%- set r2_error = 'case when ' ~ error_spread ~ ' > 0 then sum_squared_error / ' ~ spread ~ ' * sqrt(4e0 * (' ~ unrelated ~ ') / n_scored) else 0 end' -%}
    {%- set ratio = '(sum_absolute_error / sum_absolute_label)' -%}
    {%- set wape_error = 'sqrt(' ~ ml_monitor.non_negative('(sum_squared_error - 2 * ' ~ ratio ~ ' * sum_absolute_error_label + ' ~ ratio ~ ' * ' ~ ratio ~ ' * sum_squared_label)') ~ ') / sum_absolute_label' -%}
    {%- set estimates = [
        ml_monitor._mean('mae', 'sum_absolute_error', 'sum_squared_error', n),
        ml_monitor._root('rmse', 'sum_squared_error', 'sum_fourth_error', n),
        ml_monitor._mean('bias', 'sum_error', 'sum_squared_error', n),
        ml_monitor._estimate('r2', '1 - sum_squared_error / ' ~ spread, r2_error, 'n_scored > 0 and ' ~ spread ~ ' > 0', 'the labels do not vary', n),
        ml_monitor._mean('mape', 'sum_share', 'sum_squared_share', 'n_shares', 'no label other than 0'),
        ml_monitor._share('mape_excluded_rate', 'n_scored - coalesce(n_shares, 0)', n),
        ml_monitor._estimate('wape', ratio, wape_error, 'sum_absolute_label > 0', 'no label other than 0', n),
        ml_monitor._mean('smape', 'sum_symmetric_share', 'sum_squared_symmetric_share', n),
        ml_monitor._root('rmsle', 'sum_squared_log_error', 'sum_fourth_log_error', 'n_logged', 'no label and prediction above -1'),
        ml_monitor._mean('pinball', 'sum_pinball', 'sum_squared_pinball', n),
        ml_monitor._share('interval_coverage', 'coalesce(n_covered, 0)', 'n_intervals', 'no labelled prediction has an interval'),
    ] -%}
    {%- for metric in ['error_p50', 'error_p90'] -%}
        {%- do estimates.append({'metric': metric, 'value': metric, 'lower': metric ~ '_lower', 'upper': metric ~ '_upper', 'when': metric ~ ' is not null', 'why': 'no labels', 'n': n}) -%}
    {%- endfor -%}
    {{ return(estimates) }}
{% endmacro %}


{% macro _root(metric, sum, sum_squares, n, why='no labels') %}
    {#- The root of a mean: half the relative error of the mean. -#}
    {%- set root = 'sqrt(' ~ sum ~ ' / ' ~ n ~ ')' -%}
    {%- set error = 'case when ' ~ sum ~ ' > 0 then ' ~ ml_monitor.mean_error(sum, sum_squares, n) ~ ' / (2 * ' ~ root ~ ') else 0 end' -%}
    {{ return(ml_monitor._estimate(metric, root, error, n ~ ' > 0', why, n)) }}
{% endmacro %}
