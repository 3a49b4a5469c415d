{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

class_scores as (
    select
        monitor,
        predicted_class as class,
        window_start,
        window_number,
        score,
        n_scored,
        case when actual_class is not null then n_scored else 0 end as n_happened
    from {{ ref('ml_monitor__outcome_profiles') }}
    where segment = '__all__' and outcome = 'class_score' and score is not null
),

latest_windows as (
    select
        monitor,
        max(window_number) as window_number
    from class_scores
    group by monitor
),

bands as (
    select
        class_scores.monitor,
        class_scores.class,
        case when class_scores.score >= 0.9e0 then 9 else cast(floor(class_scores.score * 10) as integer) end as band,
        min(class_scores.window_start) as first_window_start,
        max(class_scores.window_start) as last_window_start,
        sum(class_scores.n_scored) as sample_size,
        sum(class_scores.n_happened) as n_happened,
        sum(class_scores.score * class_scores.n_scored) / sum(class_scores.n_scored) as mean_score
    from class_scores
    inner join latest_windows
        on latest_windows.monitor = class_scores.monitor
        and class_scores.window_number > latest_windows.window_number - 30
    group by
        class_scores.monitor,
        class_scores.class,
        case when class_scores.score >= 0.9e0 then 9 else cast(floor(class_scores.score * 10) as integer) end
),

class_sizes as (
    select
        monitor,
        class,
        row_number() over (partition by monitor order by sum(n_happened) desc, class) as class_rank
    from bands
    group by monitor, class
),

final as (
    select
        bands.monitor,
        bands.class,
        class_sizes.class_rank,
        bands.band,
        cast(bands.band / 10e0 as {{ ml_monitor.type_double() }}) as band_start,
        cast((bands.band + 1) / 10e0 as {{ ml_monitor.type_double() }}) as band_end,
        bands.first_window_start,
        bands.last_window_start,
        cast(bands.sample_size as bigint) as sample_size,
        cast(bands.n_happened as bigint) as n_happened,
        cast(bands.mean_score as {{ ml_monitor.type_double() }}) as mean_score,
        cast(bands.n_happened / bands.sample_size as {{ ml_monitor.type_double() }}) as observed_rate,
        cast({{ ml_monitor.wilson_bound('bands.n_happened', 'bands.sample_size', '-') }} as {{ ml_monitor.type_double() }}) as lower_bound,
        cast({{ ml_monitor.wilson_bound('bands.n_happened', 'bands.sample_size', '+') }} as {{ ml_monitor.type_double() }}) as upper_bound
    from bands
    inner join class_sizes
        on class_sizes.monitor = bands.monitor
        and class_sizes.class = bands.class
    where not ({{ ml_monitor.is_small_cell('bands.sample_size', 'bands.monitor') }})
)

select * from final
