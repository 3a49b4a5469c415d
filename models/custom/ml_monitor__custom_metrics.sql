{{ config(**dict(ml_monitor.metric_config(), enabled=ml_monitor.any_custom_metrics())) }}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__custom_profiles'), 'monitors.longest_span', 'monitors.custom_spec_id') }},

profiles as (
    select profile.*
    from {{ ref('ml_monitor__custom_profiles') }} as profile
    inner join needed_windows on needed_windows.monitor = profile.monitor and profile.window_number > needed_windows.since_number
),

span_parts as (
    {{ ml_monitor.custom_span_parts() }}
),

metrics as (
    {%- for spec in ml_monitor.monitors() if spec.metrics %}
    {{ ml_monitor.custom_values(spec, ml_monitor.custom_metrics(spec)) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        metrics.monitor,
        metrics.model_version,
        metrics.segment,
        metrics.segment_value,
        '__all__' as feature,
        stale_windows.window_start,
        stale_windows.window_end,
        metrics.span,
        metrics.metric,
        'custom' as family,
        {{ ml_monitor.finite('metrics.metric_value') }} as metric_value,
        metrics.sample_size,
        cast(metrics.label_coverage as {{ ml_monitor.type_double() }}) as label_coverage,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from metrics
    inner join stale_windows
        on stale_windows.monitor = metrics.monitor
        and stale_windows.window_number = metrics.window_number
)

select * from final
