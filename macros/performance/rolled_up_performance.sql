{% macro rolled_up_performance(name, unit) %}
    {#- Body of a table of one's own: performance of calendar days, weeks or months that are over, from the profile of a finer monitor. -#}
    {%- set spec, steps = ml_monitor.monitor(name), ml_monitor.roll_up_steps() -%}
    {%- do ml_monitor.validate_roll_up('rolled_up_performance', spec, unit) -%}
    {{ config(materialized='table', sql_header=ml_monitor.sql_header(), meta={'ml_monitor': spec}, **ml_monitor.roll_up_hooks(name, unit)) }}
    with

    {{ ml_monitor.calendar_periods(spec, unit) }},

    {{ ml_monitor.period_spans(spec) }},

    {{ ml_monitor.outcome_statistics(steps) }},

    totals as (
        {%- if ml_monitor.repeats_ctes() %}
        select * from {{ steps.totals }}
        {%- else %}
        {{ ml_monitor.outcome_totals() }}
        {%- endif %}
    ),

    estimates as (
        {{ ml_monitor.performance_estimates('totals') }}
    )

    select
        {%- for column in ['monitor', 'model_version', 'segment', 'segment_value', 'feature'] %}
        estimates.{{ column }},
        {%- endfor %}
        stale_windows.period_start as window_start,
        stale_windows.period_end as window_end,
        stale_windows.n_windows,
        estimates.metric,
        estimates.metric_value,
        estimates.lower_bound,
        estimates.upper_bound,
        cast(estimates.label_coverage as {{ ml_monitor.type_double() }}) as label_coverage,
        estimates.sample_size
    from estimates
    inner join stale_windows on stale_windows.window_number = estimates.window_number
    where estimates.metric_value is not null
{% endmacro %}
