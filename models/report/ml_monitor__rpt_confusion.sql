{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

outcome_profiles as (
    select
        monitor,
        window_start,
        window_number,
        coalesce(predicted_class, case prediction when 1 then '1' when 0 then '0' end) as predicted_class,
        coalesce(actual_class, case label when 1 then '1' when 0 then '0' end) as actual_class,
        n
    from {{ ref('ml_monitor__outcome_profiles') }}
    where segment = '__all__' and outcome = 'labelled'
),

latest_windows as (
    select
        monitor,
        max(window_number) as window_number
    from outcome_profiles
    where predicted_class is not null and actual_class is not null
    group by monitor
),

final as (
    select
        outcome_profiles.monitor,
        outcome_profiles.predicted_class,
        outcome_profiles.actual_class,
        min(outcome_profiles.window_start) as first_window_start,
        max(outcome_profiles.window_start) as last_window_start,
        cast(sum(outcome_profiles.n) as bigint) as n
    from outcome_profiles
    inner join latest_windows
        on latest_windows.monitor = outcome_profiles.monitor
        and outcome_profiles.window_number > latest_windows.window_number - 30
    where outcome_profiles.predicted_class is not null and outcome_profiles.actual_class is not null
    group by outcome_profiles.monitor, outcome_profiles.predicted_class, outcome_profiles.actual_class
    having not ({{ ml_monitor.is_small_cell('sum(outcome_profiles.n)', 'outcome_profiles.monitor') }})
)

select * from final
