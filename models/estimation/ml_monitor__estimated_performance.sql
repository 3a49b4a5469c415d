{{ config(**ml_monitor.metric_config()) }}

{#- Performance without labels: confidence-based estimation from calibrated scores; and, where labels have come, whether reality follows the
    estimate. Only versions that have a calibration. -#}

with

{{ ml_monitor.current_calibrations() }},

{{ ml_monitor.estimable_windows() }},

{{ ml_monitor.stale_windows('estimable_windows', 'monitors.longest_span') }},

{{ ml_monitor.estimated_counts() }},

{{ ml_monitor.estimated_spans() }},

{{ ml_monitor.estimated_totals() }},

{%- if 'multiclass' in ml_monitor.declared_tasks() %}

{{ ml_monitor.estimated_classes() }},

{{ ml_monitor.expected_class_scores() }},

{{ ml_monitor.expected_class_areas() }},
{%- endif %}

estimates as (
    {{ ml_monitor.performance_from_scores() }}
    {%- if 'multiclass' in ml_monitor.declared_tasks() %}
    union all
    {{ ml_monitor.performance_from_class_scores() }}
    {%- endif %}
),

final as (
    select
        cells.monitor,
        cells.model_version,
        cells.segment,
        cells.segment_value,
        '__all__' as feature,
        stale_windows.window_start,
        stale_windows.window_end,
        estimates.span,
        estimates.metric,
        metrics.family,
        {%- for number in ['metric_value', 'lower_bound', 'upper_bound'] %}
        cast(estimates.{{ number }} as {{ ml_monitor.type_double() }}) as {{ number }},
        {%- endfor %}
        cast(estimates.sample_size as bigint) as sample_size,
        estimates.detail,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from estimates
    inner join cells on cells.cell = estimates.cell
    inner join {{ ref('ml_monitor__metrics') }} as metrics on metrics.metric = estimates.metric
    inner join {{ ref('ml_monitor__monitors') }} as monitors
        on monitors.monitor = cells.monitor
        and metrics.tasks like '%' || monitors.task || '%'
    inner join stale_windows
        on stale_windows.monitor = cells.monitor
        and stale_windows.window_number = estimates.window_number
    where estimates.metric_value is not null
)

select * from final
