{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

verdicts as (
    select
        monitor,
        model_version,
        segment,
        segment_value,
        feature,
        window_start,
        span,
        metric,
        family,
        status,
        reason
    from {{ ref('ml_monitor__verdicts') }}
),

time_axis as (
    select
        monitor,
        window_start,
        column_start,
        column_end
    from {{ ref('ml_monitor__rpt_time_axis') }}
),

ranked as (
    select
        verdicts.monitor,
        case verdicts.family when 'performance' then 'performance' when 'estimated_performance' then 'performance' when 'custom' then 'performance' when 'drift' then 'inputs' else 'data' end as lane,
        time_axis.column_start,
        time_axis.column_end,
        verdicts.status,
        verdicts.reason,
        row_number() over (
            partition by
                verdicts.monitor,
                case verdicts.family when 'performance' then 'performance' when 'estimated_performance' then 'performance' when 'custom' then 'performance' when 'drift' then 'inputs' else 'data' end,
                time_axis.column_start
            order by
                case verdicts.status when 'alert' then 3 when 'warning' then 2 when 'ok' then 1 else 0 end desc,
                verdicts.window_start desc,
                verdicts.metric,
                verdicts.feature,
                verdicts.segment,
                verdicts.segment_value,
                verdicts.model_version,
                verdicts.span
        ) as position
    from verdicts
    inner join time_axis
        on time_axis.monitor = verdicts.monitor
        and time_axis.window_start = verdicts.window_start
),

final as (
    select
        monitor,
        lane,
        column_start,
        column_end,
        max(case when position = 1 then case when status in ('ok', 'warning', 'alert') then status else 'unknown' end end) as worst_status,
        cast(sum(case when status = 'alert' then 1 else 0 end) as bigint) as n_alert,
        cast(sum(case when status = 'warning' then 1 else 0 end) as bigint) as n_warning,
        count(*) as n_verdicts,
        max(case when position = 1 then reason end) as worst_reason
    from ranked
    group by monitor, lane, column_start, column_end
)

select * from final
