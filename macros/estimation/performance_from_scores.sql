{% macro performance_from_scores() %}
    {#- One row per metric: a function of the positives expected on both sides, its 95 % band by the delta method from the gradient. -#}
    {%- set a, b = 'totals.expected1', 'totals.expected0' -%}
    {%- set f1_size = '(totals.n1 + ' ~ a ~ ' + ' ~ b ~ ')' -%}
    {%- set metrics = {
        'estimated_accuracy': [ml_monitor.expected_accuracy(), '1 / totals.n', '-1 / totals.n', 'totals.n'],
        'estimated_precision': [a ~ ' / totals.n1', '1 / totals.n1', '0', 'totals.n1'],
        'estimated_recall': [a ~ ' / (' ~ a ~ ' + ' ~ b ~ ')', b ~ ' / power(' ~ a ~ ' + ' ~ b ~ ', 2)', '-' ~ a ~ ' / power(' ~ a ~ ' + ' ~ b ~ ', 2)', '(' ~ a ~ ' + ' ~ b ~ ')'],
        'estimated_f1': ['2 * ' ~ a ~ ' / ' ~ f1_size, '2 * (totals.n1 + ' ~ b ~ ') / power(' ~ f1_size ~ ', 2)', '-2 * ' ~ a ~ ' / power(' ~ f1_size ~ ', 2)', f1_size],
        'estimated_cost': [ml_monitor.expected_cost(), '(cells.cost_tp - cells.cost_fp) / totals.n', '(cells.cost_fn - cells.cost_tn) / totals.n', 'totals.n'],
        'estimated_mae': [a ~ ' / totals.n1', '1 / totals.n1', '0', 'totals.n1'],
    } -%}
    {%- set keys = 'totals.cell, totals.window_number, totals.span' -%}
    {%- for metric, (value, slope1, slope0, size) in metrics.items() %}
    {%- set error = ml_monitor.two_sided_error(slope1, slope0) %}
    select {{ keys }}, '{{ metric }}' as metric, {{ value }} as metric_value, totals.n as sample_size,
        {{ value }} - 1.959963984540054e0 * {{ error }} as lower_bound,
        {{ value }} + 1.959963984540054e0 * {{ error }} as upper_bound,
        cast(null as {{ dbt.type_string() }}) as detail
    from totals
    inner join cells on cells.cell = totals.cell
    where totals.population = 'all' and {{ size }} > 0
    union all
    {%- endfor %}
    select {{ keys }}, 'estimated_roc_auc', ranked.roc_auc, totals.n,
        ranked.roc_auc - 1.959963984540054e0 * ranked.roc_auc_error, ranked.roc_auc + 1.959963984540054e0 * ranked.roc_auc_error, null
    from totals
    inner join areas as ranked
        on ranked.cell = totals.cell and ranked.window_number = totals.window_number and ranked.span = totals.span
    where totals.population = 'all'
    union all
    {{ ml_monitor.concept_drift() }}
{%- endmacro %}


{% macro expected_accuracy() -%}
    (totals.expected1 + totals.n0 - totals.expected0) / totals.n
{%- endmacro %}


{% macro expected_cost() -%}
    (cells.cost_tp * totals.expected1 + cells.cost_fp * (totals.n1 - totals.expected1) + cells.cost_fn * totals.expected0 + cells.cost_tn * (totals.n0 - totals.expected0)) / totals.n
{%- endmacro %}


{% macro two_sided_error(slope1, slope0) -%}
    sqrt({{ ml_monitor.non_negative('(power(' ~ slope1 ~ ', 2) * totals.variance1 + 2 * (' ~ slope1 ~ ') * (' ~ slope0 ~ ') * totals.covariance + power(' ~ slope0 ~ ', 2) * totals.variance0)') }})
{%- endmacro %}


{% macro concept_drift() %}
    {#- Realised minus estimated, on labelled predictions, in standard errors. The estimate follows the inputs wherever they go, so what is left
        is a change of what the inputs mean. -#}
    {%- set words = {'binary': 'accuracy', 'multiclass': 'accuracy', 'regression': 'mean absolute error'} -%}
    {%- for task, (value, slope1, slope0) in {
        'binary': (ml_monitor.expected_accuracy(), '1 / totals.n', '-1 / totals.n'),
        'multiclass': (ml_monitor.expected_accuracy(), '1 / totals.n', '0'),
        'regression': ('totals.expected1 / totals.n', '1 / totals.n', '0'),
    }.items() %}
    select totals.cell, totals.window_number, totals.span, 'concept_drift' as metric,
        (totals.realised / totals.n - {{ value }}) / nullif({{ ml_monitor.two_sided_error(slope1, slope0) }}, 0) as metric_value,
        totals.n as sample_size, null as lower_bound, null as upper_bound,
        'realised {{ words[task] }} ' || {{ ml_monitor.short_number('totals.realised / totals.n') }} || ', '
        || {{ ml_monitor.short_number(value) }} || ' expected of these predictions' as detail
    from totals
    inner join cells on cells.cell = totals.cell and cells.task = '{{ task }}'
    where totals.population = 'labelled' and totals.n > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
