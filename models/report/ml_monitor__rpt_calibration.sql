{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

outcome_profiles as (
    select
        monitor,
        window_start,
        window_number,
        score,
        n,
        sum_score,
        sum_label
    from {{ ref('ml_monitor__outcome_profiles') }}
    where segment = '__all__' and outcome = 'labelled' and score is not null
),

monitors as (
    select
        monitor
    from {{ ref('ml_monitor__monitors') }}
    where task = 'binary'
),

latest_windows as (
    select
        monitor,
        max(window_number) as window_number
    from outcome_profiles
    group by monitor
),

recent as (
    select
        outcome_profiles.monitor,
        case when outcome_profiles.score >= 0.9e0 then 9 else cast(floor(outcome_profiles.score * 10) as integer) end as band,
        outcome_profiles.window_start,
        outcome_profiles.n,
        outcome_profiles.sum_score,
        outcome_profiles.sum_label
    from outcome_profiles
    inner join monitors
        on monitors.monitor = outcome_profiles.monitor
    inner join latest_windows
        on latest_windows.monitor = outcome_profiles.monitor
        and outcome_profiles.window_number > latest_windows.window_number - 30
),

bands as (
    select
        monitor,
        band,
        min(window_start) as first_window_start,
        max(window_start) as last_window_start,
        cast(sum(n) as {{ dbt.type_numeric() }}) as sample_size,
        sum(sum_score) / sum(n) as mean_score,
        sum(sum_label) as n_happened,
        sum(sum_label) / sum(n) as observed_rate
    from recent
    group by monitor, band
),

final as (
    select
        monitor,
        band,
        cast(band / 10e0 as {{ ml_monitor.type_double() }}) as band_start,
        cast((band + 1) / 10e0 as {{ ml_monitor.type_double() }}) as band_end,
        first_window_start,
        last_window_start,
        cast(sample_size as bigint) as sample_size,
        mean_score,
        observed_rate,
        cast({{ ml_monitor.wilson_bound('n_happened', 'sample_size', '-') }} as {{ ml_monitor.type_double() }}) as lower_bound,
        cast({{ ml_monitor.wilson_bound('n_happened', 'sample_size', '+') }} as {{ ml_monitor.type_double() }}) as upper_bound
    from bands
    where not ({{ ml_monitor.is_small_cell('sample_size') }})
)

select * from final
