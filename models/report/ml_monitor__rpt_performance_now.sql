{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

settled as (
    {{ ml_monitor.settled_windows(ref('ml_monitor__rpt_performance')) }}
),

metric_values as (
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
        sample_size,
        label_coverage
    from {{ ref('ml_monitor__metric_values') }}
    where family = 'performance' and feature = '__all__' and model_version = '__all__' and metric_value is not null
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

metrics as (
    select
        metric,
        min(unit) as unit,
        min(direction) as direction,
        min(target) as target
    from {{ ref('ml_monitor__metrics') }}
    group by metric
),

latest as (
    select
        metric_values.monitor,
        metric_values.segment,
        metric_values.segment_value,
        metric_values.window_end,
        metric_values.span,
        metric_values.metric,
        metrics.unit,
        metrics.direction,
        metrics.target,
        metric_values.metric_value,
        metric_values.lower_bound,
        metric_values.upper_bound,
        metric_values.sample_size,
        metric_values.label_coverage,
        max(case when metric_values.segment = '__all__' then metric_values.metric_value end)
            over (partition by metric_values.monitor, metric_values.metric) as overall_value,
        coalesce(verdicts.status, 'unjudged') as status,
        verdicts.reason
    from metric_values
    inner join settled
        on settled.monitor = metric_values.monitor
        and settled.span = metric_values.span
        and settled.window_start = metric_values.window_start
    left join metrics
        on metrics.metric = metric_values.metric
    left join verdicts
        on verdicts.monitor = metric_values.monitor
        and verdicts.segment = metric_values.segment
        and verdicts.segment_value = metric_values.segment_value
        and verdicts.window_start = metric_values.window_start
        and verdicts.span = metric_values.span
        and verdicts.metric = metric_values.metric
),

gaps as (
    select
        *,
        case direction
            when 'above' then metric_value - overall_value
            when 'below' then overall_value - metric_value
            else abs(metric_value - target) - abs(overall_value - target)
        end as gap
    from latest
),

final as (
    select
        monitor,
        segment,
        segment_value,
        window_end,
        span,
        metric,
        unit,
        direction,
        metric_value,
        lower_bound,
        upper_bound,
        sample_size,
        label_coverage,
        overall_value,
        status,
        reason,
        gap,
        row_number() over (
            partition by monitor, metric, case when segment = '__all__' then 0 else 1 end
            order by coalesce(gap, 0) desc, sample_size desc, segment, segment_value
        ) as worst_rank
    from gaps
)

select * from final
