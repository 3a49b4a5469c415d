{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

settled as (
    {{ ml_monitor.settled_windows(ref('ml_monitor__rpt_performance')) }}
),

effects as (
    select
        monitor,
        segment,
        segment_value,
        metric,
        span,
        window_start,
        window_end,
        baseline_share,
        share,
        baseline_value,
        metric_value,
        mix_effect,
        rate_effect,
        total_change,
        sample_size,
        baseline_size
    from {{ ref('ml_monitor__performance_decomposition') }}
),

final as (
    select
        effects.monitor,
        effects.segment,
        effects.segment_value,
        effects.metric,
        effects.span,
        effects.window_end,
        effects.baseline_share,
        effects.share,
        effects.baseline_value,
        effects.metric_value,
        effects.mix_effect,
        effects.rate_effect,
        effects.total_change,
        effects.sample_size,
        effects.baseline_size,
        dense_rank() over (
            partition by effects.monitor
            order by
                case effects.metric when 'accuracy' then 1 when 'mae' then 1 when 'brier' then 2 when 'bias' then 2 else 3 end,
                effects.metric
        ) as metric_rank,
        row_number() over (
            partition by effects.monitor, effects.segment, effects.metric
            order by abs(effects.mix_effect) + abs(effects.rate_effect) desc, effects.segment_value
        ) as effect_rank
    from effects
    inner join settled
        on settled.monitor = effects.monitor
        and settled.span = effects.span
        and settled.window_start = effects.window_start
    where not ({{ ml_monitor.is_small_cell('effects.sample_size', 'effects.monitor') }})
        and not ({{ ml_monitor.is_small_cell('effects.baseline_size', 'effects.monitor') }})
)

select * from final
