{% macro weighted_estimates() %}
    {#- Inverse-propensity weighting, self-normalised (Hajek 1971), with its linearised error. Of a ratio each cell of outcomes has what a row of it
        adds above and below the line. The sample size is the effective one (Kish 1965). -#}
    {%- set ratios = {
        'accuracy': {'tp': (1, 1), 'fp': (0, 1), 'fn': (0, 1), 'tn': (1, 1)},
        'prevalence': {'tp': (1, 1), 'fp': (0, 1), 'fn': (1, 1), 'tn': (0, 1)},
        'precision': {'tp': (1, 1), 'fp': (0, 1)},
        'recall': {'tp': (1, 1), 'fn': (0, 1)},
        'specificity': {'tn': (1, 1), 'fp': (0, 1)},
        'f1': {'tp': (2, 2), 'fp': (0, 1), 'fn': (0, 1), 'tn': (0, 0)},
    } -%}
    {%- set estimates = [] -%}
    {%- for metric, cells in ratios.items() -%}
        {%- do estimates.append(dict(ml_monitor._weighted_ratio('ipw_' ~ metric, cells), tasks=['binary', 'multiclass'] if metric == 'accuracy' else ['binary'])) -%}
    {%- endfor -%}
    {%- for metric, (loss, tasks) in {
        'log_loss': ('log_loss', ['binary', 'multiclass']), 'brier': ('squared_error', ['binary', 'multiclass']),
        'mae': ('absolute_error', ['regression']), 'bias': ('error', ['regression']),
    }.items() -%}
        {%- do estimates.append(dict(ml_monitor._weighted_mean('ipw_' ~ metric, loss), tasks=tasks)) -%}
    {%- endfor -%}
    {%- set square = ml_monitor._weighted_mean('ipw_rmse', 'squared_error') -%}
    {%- set root = 'sqrt(' ~ square.value ~ ')' -%}
    {%- do estimates.append(dict(square, value=root, error='case when ' ~ square.value ~ ' > 0 then ' ~ square.error ~ ' / (2 * ' ~ root ~ ') else 0 end', tasks=['regression'])) -%}
    {{ return(estimates) }}
{% endmacro %}


{% macro _weighted_ratio(metric, cells) %}
    {%- set above, below, weights, squares, noise = [], [], [], [], [] -%}
    {%- for cell, (hit, trial) in cells.items() -%}
        {%- do above.append(hit ~ ' * weight_' ~ cell) -%}
        {%- do below.append(trial ~ ' * weight_' ~ cell) -%}
        {%- do weights.append('weight_' ~ cell) -%}
        {%- do squares.append('squared_weight_' ~ cell) -%}
    {%- endfor -%}
    {%- set size = '(' ~ below | join(' + ') ~ ')' -%}
    {%- set ratio = '((' ~ above | join(' + ') ~ ') / ' ~ size ~ ')' -%}
    {%- for cell, (hit, trial) in cells.items() -%}
        {%- do noise.append('power(' ~ hit ~ ' - ' ~ trial ~ ' * ' ~ ratio ~ ', 2) * squared_weight_' ~ cell) -%}
    {%- endfor -%}
    {#- Rounded, because a cast alone cuts in some warehouses. -#}
    {%- set effective = 'round(power(' ~ weights | join(' + ') ~ ', 2) / nullif(' ~ squares | join(' + ') ~ ', 0))' -%}
    {{ return(ml_monitor._estimate(metric, ratio, 'sqrt(' ~ noise | join(' + ') ~ ') / ' ~ size, size ~ ' > 0', n=effective)) }}
{% endmacro %}


{% macro _weighted_mean(metric, loss) %}
    {%- set mean = '(weighted_' ~ loss ~ ' / weight_scored)' -%}
    {%- set noise = ml_monitor.non_negative('(weighted_' ~ loss ~ '_squared - 2 * ' ~ mean ~ ' * twice_weighted_' ~ loss ~ ' + ' ~ mean ~ ' * ' ~ mean ~ ' * squared_weight_scored)') -%}
    {{ return(ml_monitor._estimate(metric, mean, 'sqrt(' ~ noise ~ ') / weight_scored', 'weight_scored > 0', n='round(weight_scored * weight_scored / nullif(squared_weight_scored, 0))')) }}
{% endmacro %}
