{{ config(**dict(ml_monitor.metric_config(), enabled=ml_monitor.any_declared('service'))) }}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__service_profiles'), 'monitors.longest_span', 'monitors.service_spec_id') }},

profiles as (
    select profile.*
    from {{ ref('ml_monitor__service_profiles') }} as profile
    inner join needed_windows on needed_windows.monitor = profile.monitor and profile.window_number > needed_windows.since_number
),

span_bins as (
    {{ ml_monitor.service_span_bins() }}
),

ranked as (
    {%- set keys = 'monitor, window_number, span, model_version, segment, segment_value, series' %}
    select
        *,
        sum(n) over (partition by {{ keys }} order by bin rows between unbounded preceding and current row) as upto,
        sum(n) over (partition by {{ keys }}) as n_all
    from span_bins
    where model_version <> '__none__'
),

summed as (
    select
        {{ keys }},
        n_all,
        sum(total) as total,
        sum(total) / n_all as mean_value,
        {%- for percent, share in {'p50': 0.5, 'p95': 0.95, 'p99': 0.99}.items() %}
        {{ ml_monitor.bin_quantile(share) }} as {{ percent }},
        {{ ml_monitor.bin_quantile(share, '-') }} as {{ percent }}_lower,
        {{ ml_monitor.bin_quantile(share, '+') }} as {{ percent }}_upper,
        {%- endfor %}
        min(lowest) as lowest,
        max(highest) as highest
    from ranked
    group by {{ keys }}, n_all
),

estimates as (
    {{ ml_monitor.service_estimates() }}
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
        estimates.family,
        {%- for number in ['metric_value', 'lower_bound', 'upper_bound'] %}
        cast(estimates.{{ number }} as {{ ml_monitor.type_double() }}) as {{ number }},
        {%- endfor %}
        cast(estimates.sample_size as bigint) as sample_size,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from estimates
    inner join stale_windows
        on stale_windows.monitor = estimates.monitor
        and stale_windows.window_number = estimates.window_number
)

select * from final
