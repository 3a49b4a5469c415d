{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- How much more healthy windows differ from the windows just before them than sampling explains. Day-to-day wobble is no drift,
    and with many rows every wobble is significant. Learned against the recent past and not against the reference, because a
    lasting distance from the reference is drift. -#}

with

monitors as (
    select monitor, healthy_windows, healthy_from, healthy_to, window_unit, reference_kind from {{ ref('ml_monitor__monitors') }}
),

windows as (
    select
        windows.monitor,
        windows.window_start,
        windows.is_excluded,
        case monitors.window_unit when 'day' then mod(windows.window_number, 7) when 'hour' then mod(windows.window_number, 24) else 0 end as season,
        row_number() over (partition by windows.monitor order by windows.window_number) as place,
        monitors.healthy_windows,
        monitors.healthy_from,
        monitors.healthy_to,
        monitors.reference_kind
    from {{ ref('ml_monitor__windows') }} as windows
    inner join monitors on monitors.monitor = windows.monitor
),

healthy_windows as (
    select * from windows
    where not is_excluded and case
        when healthy_from is not null then window_start >= healthy_from and window_start < healthy_to
        else place <= healthy_windows
    end
),

ratios as (
    select drift.monitor, drift.feature, drift.span, healthy_windows.season, drift.psi / drift.psi_noise as drift_ratio
    from {{ ref('ml_monitor__drift_statistics') }} as drift
    inner join healthy_windows on healthy_windows.monitor = drift.monitor and healthy_windows.window_start = drift.window_start
    where drift.baseline = case when healthy_windows.reference_kind in ('relation', 'period', 'first') then 'trailing' else 'reference' end
        and drift.model_version = '__all__'
        and drift.segment = '__all__'
        and drift.psi_noise > 0
),

by_season as (
    select monitor, feature, span, season, count(*) as n_windows, avg(drift_ratio) as mean_ratio
    from ratios
    group by monitor, feature, span, season
),

overall as (
    select monitor, feature, span, sum(n_windows) as n_windows, sum(n_windows * mean_ratio) / sum(n_windows) as mean_ratio
    from by_season
    group by monitor, feature, span
),

final as (
    select
        by_season.monitor,
        by_season.feature,
        by_season.span,
        by_season.season,
        overall.n_windows,
        case
            when overall.n_windows < 7 then 1e0
            when by_season.span = 1 and by_season.n_windows >= 4 and by_season.mean_ratio > 1 then by_season.mean_ratio
            when by_season.span = 1 and by_season.n_windows >= 4 then 1e0
            when overall.mean_ratio > 1 then overall.mean_ratio
            else 1e0
        end as dispersion
    from by_season
    inner join overall
        on overall.monitor = by_season.monitor
        and overall.feature = by_season.feature
        and overall.span = by_season.span
)

select * from final
