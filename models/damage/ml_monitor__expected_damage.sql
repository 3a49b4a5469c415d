{{ config(materialized='view', enabled=ml_monitor.any_declared('error_profile')) }}

{#- What the drift of each feature is expected to do to the error of the model, were the errors in its bins what they are; of monitors that
    declare `error_profile`. -#}

with

{{ ml_monitor.expected_damage() }},

final as (
    select
        monitor,
        '__all__' as model_version,
        '__all__' as segment,
        '__all__' as segment_value,
        feature,
        window_start,
        window_end,
        span,
        metric,
        'drift' as family,
        cast(metric_value as {{ ml_monitor.type_double() }}) as metric_value,
        cast(metric_value - 1.959963984540054e0 * standard_error as {{ ml_monitor.type_double() }}) as lower_bound,
        cast(metric_value + 1.959963984540054e0 * standard_error as {{ ml_monitor.type_double() }}) as upper_bound,
        cast(window_size as bigint) as sample_size,
        cast(reference_size as bigint) as reference_size,
        cast(n_errors as bigint) as n_labelled,
        source_updated_at
    from damages
    where metric_value is not null and window_size > 0 and reference_size > 0
)

select * from final
