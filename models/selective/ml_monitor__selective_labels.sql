{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Metrics of models whose decisions choose which labels there will be; of monitors that declare `selective`. -#}

with

profiles as (
    {{ ml_monitor.union_declared('selective', 'selective_profile', dict({'monitor': 'text', 'window_number': 'bigint'}, **dict.fromkeys(ml_monitor.selective_sums(), 'double'))) }}
),

totals as (
    select windows.monitor, windows.window_start, windows.window_end, spans.span,
        {%- for column in ml_monitor.selective_sums() %}
        sum(profiles.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('ml_monitor__windows') }} as windows
    inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = windows.monitor
    inner join profiles
        on profiles.monitor = windows.monitor
        and profiles.window_number > windows.window_number - spans.span
        and profiles.window_number <= windows.window_number
    group by windows.monitor, windows.window_start, windows.window_end, spans.span
),

estimates as (
    {{ ml_monitor.selective_metrics() }}
),

final as (
    select
        monitor,
        '__all__' as model_version,
        '__all__' as segment,
        '__all__' as segment_value,
        '__all__' as feature,
        window_start,
        window_end,
        span,
        metric,
        'performance' as family,
        {%- for number in ['metric_value', 'lower_bound', 'upper_bound'] %}
        cast({{ number }} as {{ ml_monitor.type_double() }}) as {{ number }},
        {%- endfor %}
        cast(sample_size as bigint) as sample_size,
        window_end as source_updated_at
    from estimates
)

select * from final
