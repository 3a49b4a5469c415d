{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

drift_contributions as (
    select
        monitor,
        feature,
        window_start,
        window_end,
        span,
        bin,
        bin_label,
        bin_kind,
        reference_share,
        window_share
    from {{ ref('ml_monitor__drift_contributions') }}
    where segment = '__all__' and model_version = '__all__' and bin_kind <> 'total'
),

windows as (
    select
        monitor,
        window_start,
        recency,
        ceil(count(*) over (partition by monitor) / 60e0) as step
    from {{ ref('ml_monitor__rpt_time_axis') }}
),

drawn_windows as (
    select
        monitor,
        window_start
    from windows
    where recency - 1 - step * floor((recency - 1) / step) < 0.5e0
),

spans as (
    select
        monitor,
        feature,
        span
    from {{ ref('ml_monitor__rpt_distribution') }}
    group by monitor, feature, span
),

final as (
    select
        drift_contributions.monitor,
        drift_contributions.feature,
        drift_contributions.bin,
        drift_contributions.bin_label,
        drift_contributions.bin_kind,
        drift_contributions.span,
        drift_contributions.window_start,
        drift_contributions.window_end,
        drift_contributions.reference_share,
        drift_contributions.window_share
    from drift_contributions
    inner join drawn_windows
        on drawn_windows.monitor = drift_contributions.monitor
        and drawn_windows.window_start = drift_contributions.window_start
    inner join spans
        on spans.monitor = drift_contributions.monitor
        and spans.feature = drift_contributions.feature
        and spans.span = drift_contributions.span
)

select * from final
