{{ config(materialized='table', enabled=ml_monitor.any_monitors(), sql_header=ml_monitor.sql_header()) }}

{#- Closed windows of every monitor, those without a row too: a silent log must be seen. A log that has been silent for
    longer than 60 windows is not followed for ever; of one that never had a row the newest window is enough. -#}

with

profiles as (
    select monitor, window_number from {{ ref('ml_monitor__feature_profiles') }}
    where feature = '__all__' and bin = {{ ml_monitor.bin_codes().total }}
),

monitors as (
    select monitor, window_unit, timezone from {{ ref('ml_monitor__monitors') }}
),

ranges as (
    select monitors.monitor, monitors.window_unit, monitors.timezone, min(profiles.window_number) as first_number, max(profiles.window_number) + 60 as last_number
    from monitors
    inner join profiles on profiles.monitor = monitors.monitor
    group by monitors.monitor, monitors.window_unit, monitors.timezone
),

never_filled as (
    select
        monitors.monitor,
        monitors.window_unit,
        monitors.timezone,
        case
            {%- for cut in ml_monitor.window_cuts('monitors.monitor') %}
            {#- Chunks are made of rows. #}
            when {{ cut.condition }} then {{ 'cast(null as bigint)' if cut.unit is mapping else ml_monitor.window_number_of(ml_monitor.window_start_of(ml_monitor.monitoring_now(), cut.unit, cut.zone), cut.unit, cut.zone) ~ ' - 1' }}
            {%- endfor %}
        end as newest_number
    from monitors
    left join profiles on profiles.monitor = monitors.monitor
    where profiles.monitor is null
),

followed as (
    select * from ranges
    union all
    select monitor, window_unit, timezone, newest_number, newest_number from never_filled
),

excluded_periods as (
    {{ ml_monitor.excluded_periods() }}
),

digits as (
    {% for digit in range(10) %}select {{ digit }} as digit {{ 'union all ' if not loop.last }}{% endfor %}
),

numbers as (
    select d1.digit + 10 * d2.digit + 100 * d3.digit + 1000 * d4.digit + 10000 * d5.digit as number
    from digits as d1
    cross join digits as d2
    cross join digits as d3
    cross join digits as d4
    cross join digits as d5
),

numbered as (
    select followed.monitor, followed.window_unit, followed.timezone, followed.first_number + numbers.number as window_number
    from followed
    inner join numbers on followed.first_number + numbers.number <= followed.last_number
),

started as (
    select
        monitor,
        window_number,
        window_unit,
        timezone,
        case
            {%- for cut in ml_monitor.window_cuts() %}
            when {{ cut.condition }} then {{ ml_monitor.numbered_window_start('window_number', cut.unit, cut.zone) }}
            {%- endfor %}
        end as window_start
    from numbered
),

ended as (
    select
        monitor,
        window_number,
        window_start,
        case
            {%- for cut in ml_monitor.window_cuts() %}
            when {{ cut.condition }} then {{ ml_monitor.window_end_of('window_start', cut.unit, cut.zone) }}
            {%- endfor %}
        end as window_end
    from started
),

excluded_windows as (
    select distinct ended.monitor, ended.window_number
    from ended
    inner join excluded_periods
        on (excluded_periods.monitor is null or excluded_periods.monitor = ended.monitor)
        and excluded_periods.starts_at < ended.window_end
        and excluded_periods.ends_at > ended.window_start
),

final as (
    select
        ended.monitor,
        ended.window_number,
        ended.window_start,
        ended.window_end,
        excluded_windows.monitor is not null as is_excluded
    from ended
    left join excluded_windows
        on excluded_windows.monitor = ended.monitor
        and excluded_windows.window_number = ended.window_number
)

select * from final
where window_end <= {{ ml_monitor.monitoring_now() }}
