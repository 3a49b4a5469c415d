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
    select cell, window_number, span, metric, metric_value, sample_size,
        metric_value - 1.959963984540054e0 * error as lower_bound,
        metric_value + 1.959963984540054e0 * error as upper_bound,
        cast(null as {{ dbt.type_string() }}) as detail
    from (
        select totals.cell, totals.window_number, totals.span, metrics.metric, totals.n as sample_size,
            case metrics.metric when 'estimated_roc_auc' then ranked.roc_auc
                {%- for metric, (value, slope1, slope0, size) in metrics.items() %}
                when '{{ metric }}' then case when {{ size }} > 0 then {{ value }} end
                {%- endfor %} end as metric_value,
            case metrics.metric when 'estimated_roc_auc' then ranked.roc_auc_error
                {%- for metric, (value, slope1, slope0, size) in metrics.items() %}
                when '{{ metric }}' then case when {{ size }} > 0 then {{ ml_monitor.two_sided_error(slope1, slope0) }} end
                {%- endfor %} end as error
        from totals
        inner join cells on cells.cell = totals.cell
        left join areas as ranked
            on ranked.cell = totals.cell and ranked.window_number = totals.window_number and ranked.span = totals.span
        cross join ({{ ml_monitor.names('metric', ['estimated_roc_auc'] + (metrics | list)) }}) as metrics
        where totals.population = 'all'
    ) as measured
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
    {%- set accuracy, mean_error = ml_monitor.expected_accuracy(), 'totals.expected1 / totals.n' -%}
    {%- set tasks = {
        'binary': ('accuracy', accuracy, '-1 / totals.n'), 'multiclass': ('accuracy', accuracy, '0'), 'regression': ('mean absolute error', mean_error, '0'),
    } -%}
    select cell, window_number, span, 'concept_drift' as metric, (realised - expected) / nullif(error, 0) as metric_value,
        sample_size, null as lower_bound, null as upper_bound,
        'realised ' || measure || ' ' || {{ ml_monitor.short_number('realised') }} || ', '
        || {{ ml_monitor.short_number('expected') }} || ' expected of these predictions' as detail
    from (
        select totals.cell, totals.window_number, totals.span, totals.n as sample_size, totals.realised / totals.n as realised,
            case cells.task {%- for task, (measure, expected, slope0) in tasks.items() %} when '{{ task }}' then '{{ measure }}'{% endfor %} end as measure,
            case cells.task {%- for task, (measure, expected, slope0) in tasks.items() %} when '{{ task }}' then {{ expected }}{% endfor %} end as expected,
            case cells.task
                {%- for task, (measure, expected, slope0) in tasks.items() %}
                when '{{ task }}' then {{ ml_monitor.two_sided_error('1 / totals.n', slope0) }}
                {%- endfor %} end as error
        from totals
        inner join cells on cells.cell = totals.cell
        where totals.population = 'labelled' and totals.n > 0 and cells.task in ('{{ tasks | join("', '") }}')
    ) as compared
{%- endmacro %}
