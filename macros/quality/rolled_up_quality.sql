{% macro rolled_up_quality(name, unit) %}
    {#- Body of a table of one's own: data quality of calendar days, weeks or months that are over, from the profile of a finer monitor. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {%- do ml_monitor.validate_roll_up('rolled_up_quality', spec, unit) -%}
    {{ config(materialized='table', sql_header=ml_monitor.sql_header(), meta={'ml_monitor': spec}) }}
    with

    {{ ml_monitor.calendar_periods(spec, unit) }},

    {{ ml_monitor.period_spans(spec) }},

    {{ ml_monitor.quality_values() }}

    select
        quality_values.monitor,
        quality_values.model_version,
        quality_values.segment,
        quality_values.segment_value,
        quality_values.feature,
        stale_windows.period_start as window_start,
        stale_windows.period_end as window_end,
        stale_windows.n_windows,
        quality_values.metric,
        quality_values.metric_value,
        quality_values.lower_bound,
        quality_values.upper_bound,
        quality_values.noise_floor,
        quality_values.p_value,
        quality_values.sample_size,
        quality_values.reference_size,
        quality_values.detail
    from quality_values
    inner join stale_windows on stale_windows.window_number = quality_values.window_number
{% endmacro %}
