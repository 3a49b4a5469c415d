{#- The verdicts read it five times. #}
{{ config(materialized='table', enabled=ml_monitor.any_monitors(), sql_header=ml_monitor.sql_header()) }}

{#- Metrics of models whose decisions choose which labels there will be; of monitors that declare `selective`. -#}

with

profiles as (
    {{ ml_monitor.union_declared('selective', 'selective_profile', dict({'monitor': 'text', 'segment': 'text', 'segment_value': 'text', 'window_number': 'bigint'}, **dict.fromkeys(ml_monitor.selective_sums(), 'double'))) }}
),

totals as (
    select windows.monitor, monitors.task, profiles.segment, profiles.segment_value, windows.window_start, windows.window_end, spans.span,
        {%- for column in ml_monitor.selective_sums() %}
        sum(profiles.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('ml_monitor__windows') }} as windows
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = windows.monitor
    inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = windows.monitor
    inner join profiles
        on profiles.monitor = windows.monitor
        and profiles.window_number > windows.window_number - spans.span
        and profiles.window_number <= windows.window_number
    group by windows.monitor, monitors.task, profiles.segment, profiles.segment_value, windows.window_start, windows.window_end, spans.span
),

{%- for case in ['worst', 'best'] %}

{{ case }}_case as (
    select monitor, task, segment, segment_value, window_start, window_end, span,
        {%- for name, sum in ml_monitor.bounded_totals(case).items() %}
        {{ sum }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from totals
),
{%- endfor %}

estimates as (
    {{ ml_monitor.selective_metrics() }}
),

final as (
    select
        monitor,
        '__all__' as model_version,
        segment,
        segment_value,
        '__all__' as feature,
        window_start,
        window_end,
        span,
        metric,
        'performance' as family,
        metric_value,
        {{ ml_monitor.interval_columns() }},
        sample_size,
        window_end as source_updated_at
    from estimates
    where metric_value is not null
)

select * from final
