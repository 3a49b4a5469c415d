{% macro custom_parts(spec, metrics) %}
    {#- Every aggregate of every metric in one pass. A metric with the label is about labelled predictions, as performance is. -#}
    {%- set has_labels = metrics | selectattr('needs_label') | list | length > 0 -%}
    select
        window_start,
        model_version,
        {{- ml_monitor.segment_columns(spec.segments) }},
        {%- for metric in metrics %}
            {%- set m = loop.index %}
            {%- for part in metric.parts %}
                {%- set argument = 'case when label is not null then ' ~ part.argument ~ ' end' if metric.needs_label else part.argument %}
        cast({{ part.function }}({{ argument }}) as {{ ml_monitor.type_double() }}) as m{{ m }}_{{ loop.index }},
            {%- endfor %}
        {%- endfor %}
        {{ 'count(label)' if has_labels else '0' }} as n_labelled,
        count(*) as n
    from custom_rows
    {{ ml_monitor.grouping_keys(['window_start', 'model_version'], spec.segments) }}
{% endmacro %}


{% macro tall_custom_parts(metrics) %}
    {%- for metric in metrics %}
        {%- set m = loop.index %}
        {%- set last_metric = loop.last %}
        {%- for part in metric.parts %}
        select
            '{{ metric.metric_id }}' as metric_id,
            window_start,
            model_version,
            segment,
            segment_value,
            {{ loop.index }} as part,
            m{{ m }}_{{ loop.index }} as part_value,
            {{ 'n_labelled' if metric.needs_label else 'n' }} as n,
            n as n_predictions
        from wide
        {{ 'union all' if not (loop.last and last_metric) }}
        {%- endfor %}
    {%- endfor %}
{% endmacro %}
