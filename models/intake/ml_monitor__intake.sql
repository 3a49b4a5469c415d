{{ config(materialized='table', enabled=ml_monitor.any_monitors(), sql_header=ml_monitor.sql_header()) }}

{%- set codes = ml_monitor.bin_codes() %}

with

windows as (
    select windows.monitor, windows.window_number, windows.window_start, windows.window_end, windows.is_excluded, monitors.window_unit, monitors.trailing_baseline
    from {{ ref('ml_monitor__windows') }} as windows
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = windows.monitor
),

row_counts as (
    select
        profiles.monitor,
        profiles.window_number,
        sum(case when profiles.bin = {{ codes.total }} then profiles.n else 0 end) as n_rows,
        sum(case when profiles.bin = {{ codes.duplicate }} then profiles.n else 0 end) as n_duplicates,
        sum(case when profiles.bin = {{ codes.late }} then profiles.n else 0 end) as n_late,
        max(profiles.predicted_until) as predicted_until,
        max(profiles.loaded_until) as loaded_until,
        max(profiles.updated_at) as updated_at
    from {{ ref('ml_monitor__feature_profiles') }} as profiles
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = profiles.monitor and monitors.edge_set_id = profiles.edge_set_id
    where profiles.feature = '__all__' and profiles.segment = '__all__'
    group by profiles.monitor, profiles.window_number
),

untimely as (
    {#- Rows with no time, or one in the future, belong to no closed window: they are reported with the newest one. #}
    select profiles.monitor, sum(profiles.n) as n_untimely
    from {{ ref('ml_monitor__feature_profiles') }} as profiles
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = profiles.monitor and monitors.edge_set_id = profiles.edge_set_id
    where profiles.bin = {{ codes.untimely }}
    group by profiles.monitor
),

feedback_counts as (
    select
        profiles.monitor,
        profiles.window_number + profiles.label_age as window_number,
        sum(profiles.n_feedback) as n_feedback,
        sum(case when profiles.outcome = 'orphan' then profiles.n_feedback else 0 end) as n_orphans
    from {{ ref('ml_monitor__outcome_profiles') }} as profiles
    where profiles.segment = '__all__' and profiles.n_feedback > 0
    group by profiles.monitor, profiles.window_number + profiles.label_age
),

counted as (
    select
        windows.monitor,
        windows.window_start,
        windows.window_end,
        windows.window_unit,
        windows.trailing_baseline,
        coalesce(row_counts.n_rows, 0) as n_rows,
        coalesce(row_counts.n_duplicates, 0) as n_duplicates,
        coalesce(row_counts.n_late, 0) as n_late,
        row_counts.loaded_until,
        case when row_number() over (partition by windows.monitor order by windows.window_number desc) = 1 then coalesce(untimely.n_untimely, 0) else 0 end as n_untimely,
        coalesce(feedback_counts.n_feedback, 0) as n_feedback,
        coalesce(feedback_counts.n_orphans, 0) as n_orphans,
        max(row_counts.predicted_until) over (partition by windows.monitor order by windows.window_number) as predicted_until,
        row_counts.updated_at,
        lead(windows.window_end) over (partition by windows.monitor order by windows.window_number) as next_window_end
    from windows
    left join row_counts on row_counts.monitor = windows.monitor and row_counts.window_number = windows.window_number
    left join feedback_counts on feedback_counts.monitor = windows.monitor and feedback_counts.window_number = windows.window_number
    left join untimely on untimely.monitor = windows.monitor
),

baselines as (
    select
        windows.monitor,
        windows.window_start,
        avg(1e0 * counted.n_rows) as mean_rows,
        count(*) as n_windows
    from windows
    inner join counted
        on counted.monitor = windows.monitor
        and counted.window_start < windows.window_start
    inner join windows as earlier
        on earlier.monitor = counted.monitor
        and earlier.window_start = counted.window_start
        and not earlier.is_excluded
        and earlier.window_number >= windows.window_number - windows.trailing_baseline
    group by windows.monitor, windows.window_start
),

seasonal_baselines as (
    {#- The same weekday (daily windows) or hour of the week (hourly ones) of the last four weeks. #}
    select
        windows.monitor,
        windows.window_start,
        avg(1e0 * counted.n_rows) as mean_rows,
        count(*) as n_windows
    from windows
    inner join windows as earlier
        on earlier.monitor = windows.monitor
        and not earlier.is_excluded
        and windows.window_number - earlier.window_number in (
            {%- for week in range(1, 5) %}case windows.window_unit when 'day' then {{ 7 * week }} when 'hour' then {{ 168 * week }} end{{ ', ' if not loop.last }}{% endfor -%}
        )
    inner join counted
        on counted.monitor = earlier.monitor
        and counted.window_start = earlier.window_start
    group by windows.monitor, windows.window_start
),

schema_changes as (
    {#- A change that is seen while a window is open is reported with the window that closed before it: at once. #}
    select counted.monitor, counted.window_start, count(changes.column_name) as n_changes
    from counted
    left join {{ ref('ml_monitor__schema_changes') }} as changes
        on changes.monitor = counted.monitor
        and changes.is_monitored = 1
        and changes.changed_at < {{ ml_monitor.add_units('second', 1, 'coalesce(counted.next_window_end, ' ~ ml_monitor.monitoring_now() ~ ')') }}
        and (changes.ended_at is null or changes.ended_at > counted.window_end)
    group by counted.monitor, counted.window_start
),

metrics as (
    select monitor, window_start, window_end, 'row_count' as metric, 1e0 * n_rows as metric_value, n_rows as sample_size, updated_at from counted
    union all
    select counted.monitor, counted.window_start, counted.window_end, 'volume_ratio', 1e0 * counted.n_rows / baselines.mean_rows, counted.n_rows, counted.updated_at
    from counted
    inner join baselines on baselines.monitor = counted.monitor and baselines.window_start = counted.window_start
    where baselines.mean_rows > 0 and baselines.n_windows >= 7
    union all
    select counted.monitor, counted.window_start, counted.window_end, 'seasonal_volume_ratio', 1e0 * counted.n_rows / seasonal_baselines.mean_rows, counted.n_rows, counted.updated_at
    from counted
    inner join seasonal_baselines on seasonal_baselines.monitor = counted.monitor and seasonal_baselines.window_start = counted.window_start
    where seasonal_baselines.mean_rows > 0 and seasonal_baselines.n_windows >= 2
    union all
    select monitor, window_start, window_end, 'duplicate_rate', 1e0 * n_duplicates / n_rows, n_rows, updated_at from counted where n_rows > 0
    union all
    select monitor, window_start, window_end, 'untimely_rate', 1e0 * n_untimely / (n_rows + n_untimely), n_rows + n_untimely, updated_at
    from counted where n_rows + n_untimely > 0
    union all
    select monitor, window_start, window_end, 'late_rate', 1e0 * n_late / n_rows, n_rows, updated_at from counted where n_rows > 0 and loaded_until is not null
    union all
    select monitor, window_start, window_end, 'freshness', {{ ml_monitor.units_between('predicted_until', 'window_end', 'minute') }} / 60e0, n_rows, updated_at
    from counted where predicted_until is not null
    union all
    select monitor, window_start, window_end, 'orphan_label_rate', 1e0 * n_orphans / n_feedback, n_feedback, updated_at from counted where n_feedback > 0
    union all
    select counted.monitor, counted.window_start, counted.window_end, 'schema_changes', 1e0 * schema_changes.n_changes, counted.n_rows, counted.updated_at
    from counted
    inner join schema_changes on schema_changes.monitor = counted.monitor and schema_changes.window_start = counted.window_start
),

final as (
    select
        monitor,
        '__all__' as model_version,
        '__all__' as segment,
        '__all__' as segment_value,
        '__all__' as feature,
        window_start,
        window_end,
        1 as span,
        metric,
        'intake' as family,
        cast(metric_value as {{ ml_monitor.type_double() }}) as metric_value,
        sample_size,
        coalesce(updated_at, {{ ml_monitor.window_epoch('day') }}) as source_updated_at
    from metrics
)

select * from final
