{#- A roll-up is a span of windows that fills a calendar period: what the metrics of a span are computed from, they are computed from here. -#}

{% macro validate_roll_up(roll_up, spec, unit) %}
    {%- set coarser = {'hour': ['day', 'week', 'month'], 'day': ['week', 'month']} -%}
    {%- set window = spec.window if spec.window is string else 'chunk' -%}
    {%- if window not in coarser -%}
        {%- do ml_monitor._config_error(spec.name, 'window', 'cannot be rolled up: a ' ~ window ~ ' does not lie within one calendar unit', coarser.keys() | list) -%}
    {%- endif -%}
    {%- do ml_monitor._validate_choice(spec.name, roll_up ~ '.unit', unit, coarser[window]) -%}
{% endmacro %}


{% macro calendar_periods(spec, unit) %}
    {#- CTEs `period_windows`, every closed window with its period, and `periods`, those that are over. -#}
    {%- set zone = spec.timezone -%}
    period_windows as (
        select window_number, is_excluded, {{ ml_monitor.window_start_of('window_start', unit, zone) }} as period_start
        from {{ ref('ml_monitor__windows') }}
        where monitor = {{ ml_monitor.literal(spec.name) }}
    ),

    dated_periods as (
        select period_start, {{ ml_monitor.window_end_of('period_start', unit, zone) }} as period_end, max(window_number) as window_number, cast(count(*) as integer) as n_windows
        from period_windows
        group by period_start
    ),

    periods as (
        select *, row_number() over (order by period_start) as place from dated_periods
        where period_end <= {{ ml_monitor.monitoring_now() }}
    )
{% endmacro %}


{% macro period_spans(spec) %}
    {#- The same as spans that end with the last window of a period, under the names that the metrics read: `stale_windows`, `needed_windows`, `stale_spans`. -#}
    stale_windows as (
        select cast({{ ml_monitor.literal(spec.name) }} as {{ dbt.type_string() }}) as monitor, window_number, period_start, period_end, n_windows from periods
    ),

    needed_windows as (
        select monitor, min(window_number - n_windows) as since_number from stale_windows group by monitor
    ),

    stale_spans as (
        select monitor, window_number, n_windows as span from stale_windows
    )
{% endmacro %}
