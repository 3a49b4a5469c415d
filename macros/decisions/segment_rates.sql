{% macro segment_rates(metrics) %}
    {#- Means of losses and shares per segment value and span, whose weighted sum is the value of everyone: only those split exactly. Their standard errors
        are read from the intervals. -#}
    select monitor, segment, segment_value, window_start, window_end, span, metric, metric_value, (upper_bound - lower_bound) / 3.919927969080108e0 as error, cast(sample_size as {{ ml_monitor.type_double() }}) as n
    from {{ ref('ml_monitor__performance') }}
    where model_version = '__all__' and metric in ({% for metric in metrics %}'{{ metric }}'{{ ', ' if not loop.last }}{% endfor %})
        and metric_value is not null and sample_size > 0
{%- endmacro %}
