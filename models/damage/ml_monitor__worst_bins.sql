{{ config(materialized='view', enabled=ml_monitor.any_declared('error_profile')) }}

{#- Values of the features on which the model errs more than on all others, of monitors that declare `error_profile`: searched in the older half of
    its windows, corrected for the number of values looked at, and confirmed in the newer half. -#}

with

{{ ml_monitor.error_profiles() }},

{{ ml_monitor.bin_tests() }},

older as (
    select * from tests where half = 'older'
),

corrected as (
    {{ ml_monitor.benjamini_hochberg('older', 'p_value', 'monitor') }}
),

final as (
    select
        found.monitor,
        found.feature,
        found.bin,
        found.bin_label,
        found.error,
        found.other_error,
        found.damage,
        cast(found.n as bigint) as sample_size,
        found.p_value,
        found.q_p_value as q_value,
        coalesce(found.q_p_value <= found.alpha, false) as is_worse,
        newer.error as newer_error,
        newer.p_value as newer_p_value,
        coalesce(found.q_p_value <= found.alpha and newer.p_value <= 0.05e0, false) as is_confirmed
    from corrected as found
    left join tests as newer
        on newer.monitor = found.monitor and newer.feature = found.feature and newer.bin = found.bin and newer.half = 'newer'
)

select * from final
