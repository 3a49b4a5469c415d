{% macro touched_windows(spec, log, frozen) %}
    {#- The windows to (re)compute: those in which the log holds another number of rows than the profile, so late rows and
        deletions cost only their own windows. Reads the time column alone; `lookback` bounds it for very long logs. -#}
    {%- set unit = spec.window -%}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set window_start = 'coalesce(' ~ ml_monitor.window_start_of(ml_monitor.identifier(spec.predicted_at), unit, spec.timezone) ~ ', ' ~ ml_monitor.window_epoch(unit) ~ ')' -%}
    {%- set loaded = ml_monitor.identifier(spec.loaded_at) if spec.loaded_at -%}
    arrivals as (
        select
            {{ window_start }} as window_start,
            count(case when {{ ml_monitor.identifier(spec.predicted_at) }} < {{ ml_monitor.monitoring_now() }} then 1 end) as n_timely,
            count(*) as n_rows,
            {{ 'max(cast(' ~ loaded ~ ' as timestamp))' if loaded else 'cast(null as timestamp)' }} as loaded_until
        from {{ log }}
        {%- if is_incremental() and spec.lookback %}
        where {{ ml_monitor.identifier(spec.predicted_at) }} is null
            or {{ ml_monitor.identifier(spec.predicted_at) }} >= (
                select coalesce({{ ml_monitor.add_windows(-spec.lookback, 'max(window_start)', unit, spec.timezone) }}, {{ ml_monitor.window_epoch(unit) }})
                from {{ this }} where bin = {{ codes.total }}
            )
        {%- endif %}
        group by {{ window_start }}
    ),

    changed_windows as (
        {%- if is_incremental() %}
        select arrivals.window_start, arrivals.n_timely, arrivals.n_rows, arrivals.loaded_until
        from arrivals
        left join (
            select
                window_start,
                sum(case when bin = {{ codes.total }} then n else 0 end) as n_timely,
                sum(n) as n_rows,
                max(loaded_until) as loaded_until,
                max(updated_at) as updated_at
            from {{ this }}
            where edge_set_id = '{{ spec.edge_set_id }}' and feature = '__all__' and segment = '__all__'
                and bin in ({{ codes.total }}, {{ codes.untimely }})
            group by window_start
        ) as profiled
            on profiled.window_start = arrivals.window_start
        where profiled.window_start is null
            or profiled.n_timely <> arrivals.n_timely
            or profiled.n_rows <> arrivals.n_rows
            or arrivals.loaded_until > profiled.loaded_until
            or profiled.updated_at < (select max(updated_at) from {{ frozen }})
        {%- else %}
        select window_start, n_timely, n_rows, loaded_until from arrivals
        {%- endif %}
    ),

    touched as (
        {{ ml_monitor.few_rows('changed_windows') }}
    )
{% endmacro %}
