{% macro row_counts(spec) %}
    {#- What is about rows and not about a feature: how many, twice logged, late, with no usable time. -#}
    {%- set codes = ml_monitor.bin_codes() %}
    select window_start, model_version, segment, segment_value, {{ codes.total }} as bin, n_rows as n, cast(null as timestamp) as predicted_until, cast(null as timestamp) as loaded_until
    from wide
    where segment <> '__all__'
    union all
    select window_start, model_version, '__all__', '__all__', bins.bin,
        case bins.bin when {{ codes.total }} then n_rows when {{ codes.duplicate }} then n_rows - n_ids else n_late end,
        predicted_until, loaded_until
    from (
        select
            log_rows.window_start,
            log_rows.model_version,
            count(*) as n_rows,
            count(distinct log_rows.prediction_id) as n_ids,
            max(log_rows.predicted_at) as predicted_until,
            {{ 'max(log_rows.loaded_at)' if spec.loaded_at else 'cast(null as timestamp)' }} as loaded_until,
            {{ 'count(case when log_rows.loaded_at >= ' ~ ml_monitor.window_end_of('log_rows.window_start', spec.window, spec.timezone) ~ ' then 1 end)' if spec.loaded_at else '0' }} as n_late
        from log_rows
        group by log_rows.window_start, log_rows.model_version
    ) as counted
    cross join (select {{ codes.total }} as bin union all select {{ codes.duplicate }} union all select {{ codes.late }}) as bins
    where bins.bin = {{ codes.total }} or (bins.bin = {{ codes.duplicate }} and n_rows > n_ids) or (bins.bin = {{ codes.late }} and n_late > 0)
    union all
    select window_start, '__missing__', '__all__', '__all__', {{ codes.untimely }}, n_rows - n_timely, cast(null as timestamp), loaded_until
    from touched
    where n_rows > n_timely
{% endmacro %}
