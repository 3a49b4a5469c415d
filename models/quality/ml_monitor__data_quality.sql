{{ config(**ml_monitor.metric_config()) }}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__feature_profiles'), 'monitors.longest_span') }},

{{ ml_monitor.stale_spans() }},

{{ ml_monitor.quality_values() }},

final as (
    select
        quality_values.monitor,
        quality_values.model_version,
        quality_values.segment,
        quality_values.segment_value,
        quality_values.feature,
        stale_windows.window_start,
        stale_windows.window_end,
        quality_values.span,
        quality_values.metric,
        'data_quality' as family,
        quality_values.metric_value,
        quality_values.lower_bound,
        quality_values.upper_bound,
        quality_values.noise_floor,
        quality_values.p_value,
        quality_values.sample_size,
        quality_values.reference_size,
        quality_values.detail,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from quality_values
    inner join stale_windows
        on stale_windows.monitor = quality_values.monitor
        and stale_windows.window_number = quality_values.window_number
)

select * from final
