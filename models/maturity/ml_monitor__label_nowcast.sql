{{ config(**ml_monitor.metric_config()) }}

{#- What the rates of young windows will be when their labels are in: chain-ladder, with Mack's bands. Windows that all delays have
    passed keep their last value. -#}

with

{{ ml_monitor.label_triangle() }},

{{ ml_monitor.chain_ladder() }},

{{ ml_monitor.nowcast_ultimates() }},

{{ ml_monitor.nowcast_rates() }},

final as (
    select
        rates.monitor,
        '__all__' as model_version,
        '__all__' as segment,
        '__all__' as segment_value,
        '__all__' as feature,
        windows.window_start,
        windows.window_end,
        1 as span,
        rates.metric,
        'estimated_performance' as family,
        cast(rates.metric_value as {{ ml_monitor.type_double() }}) as metric_value,
        cast(rates.n_labels as bigint) as sample_size,
        cast(case when rates.metric_value > 1.959963984540054e0 * rates.error then rates.metric_value - 1.959963984540054e0 * rates.error else 0 end as {{ ml_monitor.type_double() }}) as lower_bound,
        cast(rates.metric_value + 1.959963984540054e0 * rates.error as {{ ml_monitor.type_double() }}) as upper_bound,
        cast(1e0 * rates.n_labels / rates.n_predictions as {{ ml_monitor.type_double() }}) as label_coverage,
        monitors.metric_spec_id,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as source_updated_at
    from rates
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = rates.monitor
    inner join {{ ref('ml_monitor__metrics') }} as metrics on metrics.metric = rates.metric and metrics.tasks like '%' || monitors.task || '%'
    inner join {{ ref('ml_monitor__windows') }} as windows on windows.monitor = rates.monitor and windows.window_number = rates.window_number
)

select * from final
