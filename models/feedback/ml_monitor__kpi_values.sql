{{ config(materialized='view', enabled=ml_monitor.any_kpis()) }}

{#- The business figures that monitors declare, in the monitors' windows: of rows with a time in the window their sum or mean. -#}

{%- set double = ml_monitor.type_double() %}

with

rows_in_windows as (
    {%- for spec in ml_monitor.monitors() if spec.behaviour and spec.behaviour.kpis %}
    {%- set last_monitor = loop.last %}
    {%- for kpi, options in spec.behaviour.kpis.items() %}
    {%- set at = ml_monitor.day_or_moment(ml_monitor.identifier(options.at), spec.timezone) %}
    select {{ ml_monitor.literal(spec.name) }} as monitor, '{{ kpi }}' as metric, '{{ options.aggregate }}' as aggregate,
        {{ ml_monitor.window_start_of(at, spec.window, spec.timezone) }} as window_start,
        {{ ml_monitor.finite(ml_monitor.to_number(ml_monitor.identifier(options.value))) }} as x
    from {{ ml_monitor.monitor_relation(options.relation) }}
    where {{ at }} < {{ ml_monitor.monitoring_now() }}
    {{ 'union all' if not (loop.last and last_monitor) }}
    {%- endfor %}
    {%- endfor %}
),

window_values as (
    select monitor, metric, window_start, max(aggregate) as aggregate, sum(x) as total, cast(count(x) as {{ double }}) as n
    from rows_in_windows
    group by monitor, metric, window_start
),

numbered as (
    select window_values.monitor, window_values.metric, window_values.aggregate, window_values.total, window_values.n, windows.window_number
    from window_values
    inner join {{ ref('ml_monitor__windows') }} as windows
        on windows.monitor = window_values.monitor and windows.window_start = window_values.window_start
),

final as (
    select
        windows.monitor,
        '__all__' as model_version,
        '__all__' as segment,
        '__all__' as segment_value,
        '__all__' as feature,
        windows.window_start,
        windows.window_end,
        spans.span,
        numbered.metric,
        'business' as family,
        cast(case when max(numbered.aggregate) = 'sum' then sum(numbered.total) when sum(numbered.n) > 0 then sum(numbered.total) / sum(numbered.n) end as {{ double }}) as metric_value,
        cast(sum(numbered.n) as bigint) as sample_size,
        windows.window_end as source_updated_at
    from {{ ref('ml_monitor__windows') }} as windows
    inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = windows.monitor
    inner join numbered
        on numbered.monitor = windows.monitor
        and numbered.window_number > windows.window_number - spans.span
        and numbered.window_number <= windows.window_number
    group by windows.monitor, windows.window_start, windows.window_end, spans.span, numbered.metric
)

select * from final
