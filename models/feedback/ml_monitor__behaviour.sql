{{ config(**dict(ml_monitor.metric_config(), enabled=ml_monitor.any_declared('behaviour'))) }}

{#- What people do with predictions, per window and span, version, segment and band of score; of monitors that declare `behaviour`. -#}

with

all_profiles as (
    select * from {{ ref('ml_monitor__behaviour_profiles') }}
),

{{ ml_monitor.stale_windows('all_profiles', 'monitors.longest_span') }},

profiles as (
    select all_profiles.*
    from all_profiles
    inner join needed_windows on needed_windows.monitor = all_profiles.monitor and all_profiles.window_number > needed_windows.since_number
),

{{ ml_monitor.behaviour_spans() }},

{{ ml_monitor.agreement_sums() }},

estimates as (
    {{ ml_monitor.behaviour_estimates() }}
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
        'behaviour' as family,
        {%- for number in ['metric_value', 'lower_bound', 'upper_bound'] %}
        cast({{ ml_monitor.finite('estimates.' ~ number) }} as {{ ml_monitor.type_double() }}) as {{ number }},
        {%- endfor %}
        cast(estimates.sample_size as bigint) as sample_size,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from estimates
    inner join stale_windows on stale_windows.monitor = estimates.monitor and stale_windows.window_number = estimates.window_number
)

select * from final
