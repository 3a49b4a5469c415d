{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

delays as (
    select monitor, label_age, next_age, development_share from {{ ref('ml_monitor__label_delays') }} where quantity = 'labels'
),

curve as (
    select monitor, label_age, development_share from delays
    union all
    select monitor, max(next_age), 1e0 from delays group by monitor
),

final as (
    select
        curve.monitor,
        cast(curve.label_age as bigint) as label_age,
        cast(curve.development_share as {{ ml_monitor.type_double() }}) as development_share,
        monitors.label_delay
    from curve
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = curve.monitor
)

select * from final
