{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

gaps as (
    select
        monitor,
        segment,
        segment_value,
        window_start,
        window_end,
        span,
        metric,
        metric_value,
        lower_bound,
        upper_bound,
        sample_size
    from {{ ref('ml_monitor__metric_values') }}
    where metric in ('selection_rate_gap', 'tpr_gap', 'fpr_gap', 'ppv_gap') and model_version = '__all__' and metric_value is not null
),

settled as (
    {{ ml_monitor.settled_windows(ref('ml_monitor__rpt_performance')) }}
),

{#- A monitor without labels has the gap of what it selects all the same. #}
chosen as (
    select
        gaps.monitor,
        coalesce(settled.span, max(gaps.span)) as span,
        coalesce(settled.window_start, max(gaps.window_start)) as window_start
    from gaps
    left join settled
        on settled.monitor = gaps.monitor
    group by gaps.monitor, settled.span, settled.window_start
),

verdicts as (
    select
        monitor,
        segment,
        segment_value,
        window_start,
        span,
        metric,
        status,
        reason
    from {{ ref('ml_monitor__verdicts') }}
    where family = 'performance' and feature = '__all__' and model_version = '__all__'
),

final as (
    select
        gaps.monitor,
        gaps.segment,
        gaps.segment_value,
        gaps.window_end,
        gaps.span,
        gaps.metric,
        gaps.metric_value,
        gaps.lower_bound,
        gaps.upper_bound,
        gaps.sample_size,
        coalesce(verdicts.status, 'unjudged') as status,
        verdicts.reason,
        row_number() over (
            partition by gaps.monitor, gaps.metric
            order by abs(gaps.metric_value) desc, gaps.sample_size desc, gaps.segment, gaps.segment_value
        ) as worst_rank
    from gaps
    inner join chosen
        on chosen.monitor = gaps.monitor
        and chosen.span = gaps.span
        and chosen.window_start = gaps.window_start
    left join verdicts
        on verdicts.monitor = gaps.monitor
        and verdicts.segment = gaps.segment
        and verdicts.segment_value = gaps.segment_value
        and verdicts.window_start = gaps.window_start
        and verdicts.span = gaps.span
        and verdicts.metric = gaps.metric
)

select * from final
