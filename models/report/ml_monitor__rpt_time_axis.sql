{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

verdicts as (
    select
        monitor,
        window_start,
        window_end
    from {{ ref('ml_monitor__verdicts') }}
),

monitors as (
    select
        monitor,
        window_unit
    from {{ ref('ml_monitor__monitors') }}
),

windows as (
    select distinct
        monitor,
        window_start,
        window_end
    from verdicts
),

window_counts as (
    select
        monitor,
        count(*) as n_windows
    from windows
    group by monitor
),

bucketed as (
    select
        windows.monitor,
        windows.window_start,
        windows.window_end,
        window_counts.n_windows,
        case
            when window_counts.n_windows <= 400 then windows.window_start
            when monitors.window_unit = 'hour' and window_counts.n_windows <= 2880 then {{ ml_monitor.window_start_of('windows.window_start', 'day') }}
            when monitors.window_unit = 'hour' and window_counts.n_windows <= 20160 then {{ ml_monitor.window_start_of('windows.window_start', 'week') }}
            when monitors.window_unit = 'day' and window_counts.n_windows <= 840 then {{ ml_monitor.window_start_of('windows.window_start', 'week') }}
            else {{ ml_monitor.window_start_of('windows.window_start', 'month') }}
        end as bucket_start
    from windows
    inner join monitors
        on monitors.monitor = windows.monitor
    inner join window_counts
        on window_counts.monitor = windows.monitor
),

final as (
    select
        monitor,
        window_start,
        window_end,
        min(window_start) over (partition by monitor, bucket_start) as column_start,
        max(window_end) over (partition by monitor, bucket_start) as column_end,
        n_windows <= 400 or row_number() over (partition by monitor, bucket_start order by window_start desc) = 1 as is_drawn,
        row_number() over (partition by monitor order by window_start desc) as recency
    from bucketed
)

select * from final
