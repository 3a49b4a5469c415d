{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

metric_values as (
    select
        monitor,
        window_start,
        window_end,
        span,
        metric,
        metric_value,
        sample_size,
        lower_bound,
        upper_bound,
        label_coverage
    from {{ ref('ml_monitor__metric_values') }}
    where family = 'performance' and feature = '__all__' and segment = '__all__' and model_version = '__all__'
),

verdicts as (
    select
        monitor,
        window_start,
        span,
        metric,
        status,
        reason
    from {{ ref('ml_monitor__verdicts') }}
    where family = 'performance' and feature = '__all__' and segment = '__all__' and model_version = '__all__'
),

thresholds as (
    select
        monitor,
        metric,
        direction,
        warn_threshold,
        alert_threshold,
        span
    from {{ ref('ml_monitor__thresholds') }}
),

metrics as (
    select
        metric,
        unit
    from {{ ref('ml_monitor__metrics') }}
),

time_axis as (
    select
        monitor,
        window_start,
        is_drawn
    from {{ ref('ml_monitor__rpt_time_axis') }}
),

candidates as (
    select
        metric_values.monitor,
        metric_values.metric,
        coalesce(max(thresholds.span), max(metric_values.span)) as span,
        row_number() over (
            partition by metric_values.monitor
            order by
                case when max(thresholds.span) is not null then 0 else 1 end,
                case metric_values.metric
                    when 'roc_auc' then 1 when 'mae' then 1 when 'ndcg' then 1 when 'macro_f1' then 1
                    when 'f1' then 2 when 'rmse' then 2
                    when 'accuracy' then 3 when 'r2' then 3
                    when 'recall' then 4 when 'precision' then 5
                    when 'log_loss' then 6 when 'brier' then 7
                    else 8
                end,
                metric_values.metric
        ) as choice
    from metric_values
    left join thresholds
        on thresholds.monitor = metric_values.monitor
        and thresholds.metric = metric_values.metric
    where metric_values.metric not in (
            'label_coverage', 'prevalence', 'concept_drift', 'page_hinkley', 'cusum', 'ewma', 'ddm',
            'label_coverage_at_age', 'prevalence_at_age', 'worst_slice_gap', 'worst_slice_damage'
        )
        and metric_values.metric_value is not null
    group by metric_values.monitor, metric_values.metric
),

final as (
    select
        metric_values.monitor,
        metric_values.metric,
        metrics.unit,
        metric_values.span,
        metric_values.window_start,
        metric_values.window_end,
        metric_values.metric_value,
        metric_values.lower_bound,
        metric_values.upper_bound,
        metric_values.sample_size,
        metric_values.label_coverage,
        coalesce(verdicts.status, 'unjudged') as status,
        coalesce(verdicts.status, 'unjudged') in ('ok', 'warning', 'alert', 'unjudged') as is_settled,
        verdicts.reason,
        thresholds.direction,
        thresholds.warn_threshold,
        thresholds.alert_threshold
    from metric_values
    inner join candidates
        on candidates.monitor = metric_values.monitor
        and candidates.metric = metric_values.metric
        and candidates.span = metric_values.span
        and candidates.choice = 1
    inner join time_axis
        on time_axis.monitor = metric_values.monitor
        and time_axis.window_start = metric_values.window_start
        and time_axis.is_drawn
    left join metrics
        on metrics.metric = metric_values.metric
    left join thresholds
        on thresholds.monitor = metric_values.monitor
        and thresholds.metric = metric_values.metric
    left join verdicts
        on verdicts.monitor = metric_values.monitor
        and verdicts.metric = metric_values.metric
        and verdicts.span = metric_values.span
        and verdicts.window_start = metric_values.window_start
    where metric_values.metric_value is not null
)

select * from final
