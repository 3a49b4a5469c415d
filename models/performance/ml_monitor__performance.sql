{{ config(**ml_monitor.metric_config()) }}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__outcome_profiles'), 'monitors.longest_span') }},

{{ ml_monitor.performance_totals(from_table=ml_monitor.repeats_ctes()) }},

estimates as (
    {{ ml_monitor.performance_estimates('totals') }}
),

final as (
    select
        estimates.monitor,
        estimates.model_version,
        estimates.segment,
        estimates.segment_value,
        '__all__' as feature,
        stale_windows.window_start,
        stale_windows.window_end,
        estimates.span,
        estimates.metric,
        'performance' as family,
        {%- for number in ['metric_value', 'lower_bound', 'upper_bound', 'label_coverage'] %}
        cast(estimates.{{ number }} as {{ ml_monitor.type_double() }}) as {{ number }},
        {%- endfor %}
        estimates.sample_size,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from estimates
    inner join {{ ref('ml_monitor__metrics') }} as metrics on metrics.metric = estimates.metric
    inner join {{ ref('ml_monitor__monitors') }} as monitors
        on monitors.monitor = estimates.monitor
        and metrics.tasks like '%' || monitors.task || '%'
    inner join stale_windows
        on stale_windows.monitor = estimates.monitor
        and stale_windows.window_number = estimates.window_number
)

select * from final
