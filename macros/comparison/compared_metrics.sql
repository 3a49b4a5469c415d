{% macro compared_metrics(comparisons, monitors) %}
    {#- One row per pair of versions and metric: challenger minus champion, with the standard error and p-value of the paired test. -#}
    {%- set metrics = {
        'brier': ("task = 'binary'", 'champion_loss', 'challenger_loss', 'loss_difference', 'loss_error', 'loss_p_value'),
        'mae': ("task = 'regression'", 'champion_loss', 'challenger_loss', 'loss_difference', 'loss_error', 'loss_p_value'),
        'roc_auc': ("task = 'binary'", 'champion_roc_auc', 'challenger_roc_auc', 'roc_auc_difference', 'roc_auc_error', 'roc_auc_p_value'),
        'accuracy': ("task <> 'regression'", 'null', 'null', 'accuracy_difference', 'accuracy_error', 'mcnemar_p_value'),
    } -%}
    {%- for metric, (condition, champion, challenger, difference, error, p_value) in metrics.items() %}
    select monitor, champion, challenger, sample_size, first_predicted_at, last_predicted_at, only_champion_right, only_challenger_right, '{{ metric }}' as metric,
        {%- for name, value in {'champion_value': champion, 'challenger_value': challenger, 'difference': difference, 'p_value': p_value}.items() %}
        cast({{ value }} as {{ ml_monitor.type_double() }}) as {{ name }},
        {%- endfor %}
        cast({{ difference }} - 1.959963984540054e0 * {{ error }} as {{ ml_monitor.type_double() }}) as lower_bound,
        cast({{ difference }} + 1.959963984540054e0 * {{ error }} as {{ ml_monitor.type_double() }}) as upper_bound
    from (
        select comparisons.*, monitors.task,
            1e0 * (only_challenger_right - only_champion_right) / sample_size as accuracy_difference,
            sqrt(only_challenger_right + only_champion_right - power(1e0 * only_challenger_right - only_champion_right, 2) / sample_size) / sample_size as accuracy_error
        from {{ comparisons }} as comparisons
        inner join {{ monitors }} as monitors on monitors.monitor = comparisons.monitor
        where comparisons.sample_size > 0
    ) as compared
    where {{ condition }} and {{ difference }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro difference_metrics() %}
    {{ return(['accuracy_difference', 'roc_auc_difference', 'brier_difference', 'mae_difference']) }}
{% endmacro %}
