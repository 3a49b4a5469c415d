{% macro rolled_up_performance(name, unit) %}
    {#- Body of a table of one's own: performance of calendar days, weeks or months that are over, from the profile of a finer monitor. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {%- do ml_monitor.validate_roll_up('rolled_up_performance', spec, unit) -%}
    {%- if ml_monitor.repeats_ctes() -%}
        {%- do ml_monitor._config_error(name, 'rolled_up_performance', 'would be computed again for each of its readers on ' ~ target.type, ['a span in rolling, whose metrics are in ml_monitor__performance']) -%}
    {%- endif -%}
    {{ config(materialized='table', sql_header=ml_monitor.sql_header(), meta={'ml_monitor': spec}) }}
    with

    {{ ml_monitor.calendar_periods(spec, unit) }},

    {{ ml_monitor.period_spans(spec) }},

    {{ ml_monitor.outcome_statistics() }},

    totals as (
        {{ ml_monitor.outcome_totals() }}
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
