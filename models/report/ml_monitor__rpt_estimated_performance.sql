{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

estimates as (
    select monitor, window_start, window_end, span, metric, metric_value, lower_bound, upper_bound, sample_size
    from {{ ref('ml_monitor__metric_values') }}
    where metric_value is not null and metric in ('estimated_accuracy', 'estimated_mae') and segment = '__all__' and model_version = '__all__'
),

longest as (
    select monitor, max(span) as span from estimates group by monitor
),

realised as (
    select performance.monitor, performance.window_start, performance.span, performance.metric, performance.metric_value, performance.label_coverage
    from {{ ref('ml_monitor__metric_values') }} as performance
    where performance.metric_value is not null and performance.metric in ('accuracy', 'mae') and performance.segment = '__all__' and performance.model_version = '__all__'
),

final as (
    select
        estimates.monitor,
        case estimates.metric when 'estimated_accuracy' then 'accuracy' else 'mae' end as metric,
        estimates.span,
        estimates.window_start,
        estimates.window_end,
        estimates.metric_value as estimated_value,
        estimates.lower_bound,
        estimates.upper_bound,
        realised.metric_value as realised_value,
        realised.label_coverage,
        estimates.sample_size
    from estimates
    inner join longest on longest.monitor = estimates.monitor and longest.span = estimates.span
    inner join {{ ref('ml_monitor__rpt_time_axis') }} as time_axis
        on time_axis.monitor = estimates.monitor and time_axis.window_start = estimates.window_start and time_axis.is_drawn
    left join realised
        on realised.monitor = estimates.monitor and realised.window_start = estimates.window_start and realised.span = estimates.span
)

select * from final
