{{ config(materialized='table', enabled=ml_monitor.any_monitors(), sql_header=ml_monitor.sql_header()) }}

{#- Segment values on which the model is worse than on everyone else: with a floor of rows, corrected for the number of values looked at, and confirmed
    on the next window that shares no row with this one. A table, for the metric values are read many times. -#}

with

rates as (
    {{ ml_monitor.segment_rates(['accuracy', 'mae']) }}
),

windows as (
    select windows.monitor, windows.window_start, windows.window_number, monitors.min_rows, monitors.alpha
    from {{ ref('ml_monitor__windows') }} as windows
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = windows.monitor
),

{{ ml_monitor.slice_tests() }},

corrected as (
    {{ ml_monitor.benjamini_hochberg('tests', 'p_value', 'monitor, window_start, span') }}
),

final as (
    select
        found.monitor,
        found.segment,
        found.segment_value,
        found.metric,
        found.window_start,
        found.window_end,
        found.span,
        found.metric_value,
        found.other_value,
        found.gap,
        found.damage,
        cast(found.n as bigint) as sample_size,
        found.p_value,
        found.q_p_value as q_value,
        found.q_p_value <= found.alpha as is_worse,
        confirmation.p_value as next_p_value,
        case when found.q_p_value > found.alpha then false else confirmation.p_value <= 0.05e0 end as is_confirmed
    from corrected as found
    left join tests as confirmation
        on confirmation.monitor = found.monitor and confirmation.segment = found.segment and confirmation.segment_value = found.segment_value
        and confirmation.metric = found.metric and confirmation.span = found.span and confirmation.window_number = found.window_number + found.span
)

select * from final
