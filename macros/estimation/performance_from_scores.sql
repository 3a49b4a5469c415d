{% macro performance_from_scores() %}
    {#- One row per metric: a function of the positives expected on both sides, its 95 % band by the delta method from the gradient. -#}
    {%- set a, b = 'totals.expected1', 'totals.expected0' -%}
    {%- set actual, f1_size = '(' ~ a ~ ' + ' ~ b ~ ')', '(totals.n1 + ' ~ a ~ ' + ' ~ b ~ ')' -%}
    {%- set estimates = [
        ml_monitor._estimate('estimated_roc_auc', 'ranked.roc_auc', 'ranked.roc_auc_error', 'ranked.roc_auc is not null', none, 'totals.n'),
        ml_monitor._expected('accuracy', ml_monitor.expected_accuracy(), '1 / totals.n', '-1 / totals.n', 'totals.n'),
        ml_monitor._expected('precision', a ~ ' / totals.n1', '1 / totals.n1', '0', 'totals.n1'),
        ml_monitor._expected('recall', a ~ ' / ' ~ actual, b ~ ' / power(' ~ actual ~ ', 2)', '-' ~ a ~ ' / power(' ~ actual ~ ', 2)', actual),
        ml_monitor._expected('f1', '2 * ' ~ a ~ ' / ' ~ f1_size, '2 * (totals.n1 + ' ~ b ~ ') / power(' ~ f1_size ~ ', 2)', '-2 * ' ~ a ~ ' / power(' ~ f1_size ~ ', 2)', f1_size),
        ml_monitor._expected('cost', ml_monitor.expected_cost(), '(cells.cost_tp - cells.cost_fp) / totals.n', '(cells.cost_fn - cells.cost_tn) / totals.n', 'totals.n'),
        ml_monitor._expected('mae', a ~ ' / totals.n1', '1 / totals.n1', '0', 'totals.n1'),
    ] -%}
    select cell, window_number, span, metric, metric_value, sample_size,
        {{ ml_monitor.interval_columns() }},
        detail
    from (
        select totals.cell, totals.window_number, totals.span, {{ ml_monitor.estimate_choices(estimates, 'metrics.place') }}
        from totals
        inner join cells on cells.cell = totals.cell
        left join areas as ranked
            on ranked.cell = totals.cell and ranked.window_number = totals.window_number and ranked.span = totals.span
        cross join ({{ ml_monitor.places(1, estimates | length) }}) as metrics
        where totals.population = 'all'
    ) as measured
    union all
    {{ ml_monitor.concept_drift() }}
{%- endmacro %}


{% macro _expected(metric, value, slope1, slope0, divisor) %}
    {#- An estimate whose error follows from its slopes by the positives expected on both sides. -#}
    {{ return(ml_monitor._estimate('estimated_' ~ metric, value, ml_monitor.two_sided_error(slope1, slope0), divisor ~ ' > 0', none, 'totals.n')) }}
{% endmacro %}


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
