{{ config(materialized='table', enabled=ml_monitor.any_monitors(), sql_header=ml_monitor.sql_header()) }}

{#- Slow or sudden changes of the error, which no single window shows: detectors on the series of windows. -#}

with

{{ ml_monitor.error_series() }},

{% for detector in ['page_hinkley', 'cusum', 'ewma', 'ddm'] %}
{{ ml_monitor[detector]() }},
{% endfor %}

detected as (
    {%- for detector in ['page_hinkley', 'cusum', 'ewma', 'ddm'] %}
    select monitor, window_start, window_end, n, '{{ detector }}' as metric, metric_value from {{ detector }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
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
        1 as span,
        metric,
        'performance' as family,
        cast(metric_value as {{ ml_monitor.type_double() }}) as metric_value,
        cast(n as bigint) as sample_size,
        window_end as source_updated_at
    from detected
)

select * from final
