{{ config(**ml_monitor.metric_config()) }}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__outcome_profiles'), 'monitors.longest_span') }},

{{ ml_monitor.stale_spans() }},

{{ ml_monitor.outcome_statistics() }},

totals as (
    {%- if ml_monitor.repeats_ctes() %}
    select * from {{ ref('ml_monitor__performance_totals') }}
    {%- else %}
    {{ ml_monitor.outcome_totals() }}
    {%- endif %}
),

estimates as (
    {{ ml_monitor.performance_estimates('totals') }}
),

judged as (
    select distinct monitor, metric, span from {{ ref('ml_monitor__thresholds') }}
),

final as (
    select
        estimates.monitor,
        estimates.model_version,
        estimates.segment,
        estimates.segment_value,
        estimates.feature,
        stale_windows.window_start,
        stale_windows.window_end,
        estimates.span,
        estimates.metric,
        metrics.family,
        estimates.metric_value,
        estimates.lower_bound,
        estimates.upper_bound,
        cast(estimates.label_coverage as {{ ml_monitor.type_double() }}) as label_coverage,
        estimates.sample_size,
        estimates.detail,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from estimates
    inner join {{ ref('ml_monitor__metrics') }} as metrics on metrics.metric = estimates.metric
    inner join stale_windows
        on stale_windows.monitor = estimates.monitor
        and stale_windows.window_number = estimates.window_number
    {#- What is not defined has no row, unless somebody waits for a verdict: then it says why there is none. #}
    left join judged
        on judged.monitor = estimates.monitor
        and judged.metric = estimates.metric
        and judged.span = estimates.span
    where estimates.metric_value is not null or judged.monitor is not null
)

select * from final
