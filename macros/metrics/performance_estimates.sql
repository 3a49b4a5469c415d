{% macro performance_estimates(totals) %}
    {#- One row per metric with a 95 % interval. A metric that is not defined (no labels, one class, 0 / 0) is NULL and says why. An
        estimate has a value, the condition under which it is defined, and either bounds or a standard error. -#}
    {%- set keys = ['monitor', 'window_number', 'span', 'model_version', 'segment', 'segment_value'] -%}
    {%- set estimates = ml_monitor.all_estimates() -%}
    select {{ keys | join(', ') }}, label_coverage, feature, metric, metric_value, sample_size, case when metric_value is null then detail end as detail,
        {{ ml_monitor.interval_columns() }}
    from (
        select totals.{{ keys | join(', totals.') }}, case when totals.n_predictions > 0 then 1e0 * totals.n / totals.n_predictions end as label_coverage,
            '__all__' as feature, {{ ml_monitor.estimate_choices(estimates, 'metrics.place') }}
        from {{ totals }} as totals
        inner join ({{ ml_monitor.estimate_places(estimates) }}) as metrics on metrics.task = totals.task
        {%- if 'multiclass' in ml_monitor.declared_tasks() %}
        union all
        {{ ml_monitor.class_estimates(totals) }}
        {%- endif %}
    ) as estimated
{% endmacro %}


{% macro all_estimates() %}
    {#- Of the declared tasks; the same metric of two tasks may be computed from different counts. -#}
    {%- set estimates = [] -%}
    {%- set families = {
        'binary': ml_monitor._binary_estimates, 'multiclass': ml_monitor._multiclass_estimates,
        'regression': ml_monitor._regression_estimates, 'ranking': ml_monitor._ranking_estimates,
    } -%}
    {%- for estimate in ml_monitor._label_estimates() -%}
        {%- do estimates.append(dict({'tasks': ['binary', 'multiclass', 'regression', 'ranking']}, **estimate)) -%}
    {%- endfor -%}
    {%- for task in ml_monitor.declared_tasks() -%}
        {%- for estimate in families[task]() -%}
            {%- do estimates.append(dict({'tasks': [task]}, **estimate)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(estimates) }}
{% endmacro %}


{% macro _share(metric, successes, n, why='no labels') %}
    {#- A proportion, with Wilson's interval. -#}
    {{ return({
        'metric': metric, 'value': '1e0 * (' ~ successes ~ ') / ' ~ n, 'n': n, 'when': n ~ ' > 0', 'why': why,
        'lower': ml_monitor.wilson_bound('(' ~ successes ~ ')', n, '-'), 'upper': ml_monitor.wilson_bound('(' ~ successes ~ ')', n, '+'),
    }) }}
{% endmacro %}


{% macro _estimate(metric, value, error, when, why='no labels', n='n') %}
    {#- Any other number, with its standard error. -#}
    {{ return({'metric': metric, 'value': value, 'error': error, 'when': when, 'why': why, 'n': n}) }}
{% endmacro %}


{% macro _mean(metric, sum, sum_squares, n, why='no labels') %}
    {{ return(ml_monitor._estimate(metric, sum ~ ' / ' ~ n, ml_monitor.mean_error(sum, sum_squares, n), n ~ ' > 0', why, n)) }}
{% endmacro %}


{% macro _label_estimates() %}
    {#- Of every task: how many labels there are, and how many cannot be right. -#}
    {{ return([
        ml_monitor._share('label_coverage', 'n', 'n_predictions', 'no predictions'),
        ml_monitor._share('early_label_rate', 'n_early', 'n_labels'),
        ml_monitor._share('replaced_label_rate', 'n_superseded', '(n_labels + n_superseded)'),
        ml_monitor._share('invalid_label_rate', 'n_invalid_label', '(n_labels + n_invalid_label)'),
    ]) }}
{% endmacro %}
