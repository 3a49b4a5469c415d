{{ config(**ml_monitor.metric_config()) }}

{#- What decisions cost, and how they differ between protected groups; of monitors that declare `costs` or `protected`. -#}

with

decision_profiles as (
    {{ ml_monitor.decision_profiles() }}
),

{{ ml_monitor.stale_windows('decision_profiles', 'monitors.longest_span') }},

{{ ml_monitor.stale_spans() }},

{{ ml_monitor.decision_spans() }},

gaps as (
    {{ ml_monitor.gap_counts() }}
),

measured as (
    {{ ml_monitor.cost_metric() }}
    union all
    {{ ml_monitor.gap_metrics('gaps') }}
),

final as (
    select
        measured.monitor,
        measured.model_version,
        measured.segment,
        measured.segment_value,
        '__all__' as feature,
        stale_windows.window_start,
        stale_windows.window_end,
        measured.span,
        measured.metric,
        'performance' as family,
        {%- for number in ['metric_value', 'lower_bound', 'upper_bound', 'label_coverage'] %}
        cast(measured.{{ number }} as {{ ml_monitor.type_double() }}) as {{ number }},
        {%- endfor %}
        cast(measured.sample_size as bigint) as sample_size,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from measured
    inner join stale_windows on stale_windows.monitor = measured.monitor and stale_windows.window_number = measured.window_number
)

select * from final
