{{ config(**ml_monitor.metric_config()) }}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__feature_profiles'), 'monitors.look_back') }},

{{ ml_monitor.drift_counts() }},

{{ ml_monitor.compared_bins() }},

{{ ml_monitor.bin_shares() }},

{{ ml_monitor.compared_moments() }},

{{ ml_monitor.drift_distances() }},

final as (
    select
        cells.monitor,
        cells.model_version,
        cells.segment,
        cells.segment_value,
        cells.feature,
        cells.feature_type,
        stale_windows.window_start,
        stale_windows.window_end,
        completed.span,
        completed.baseline,
        {{- ml_monitor.distance_columns() }},
        moments.mean_shift,
        moments.std_change,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from completed
    inner join cells on cells.cell = completed.cell
    inner join stale_windows
        on stale_windows.monitor = cells.monitor
        and stale_windows.window_number = completed.window_number
    left join compared_moments as moments
        on moments.cell = completed.cell
        and moments.window_number = completed.window_number
        and moments.span = completed.span
        and moments.baseline = completed.baseline
)

select * from final
