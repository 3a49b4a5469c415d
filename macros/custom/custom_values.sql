{% macro custom_span_parts() %}
    {#- The parts of every metric merged over each span of each stale window, per version and pooled. -#}
    select
        stale_windows.monitor,
        stale_windows.window_number,
        spans.span,
        coalesce(profiles.model_version, '__all__') as model_version,
        profiles.segment,
        profiles.segment_value,
        profiles.metric,
        profiles.part,
        sum(profiles.part_value) as part_sum,
        min(profiles.part_value) as part_min,
        max(profiles.part_value) as part_max,
        sum(profiles.n) as n,
        sum(profiles.n_predictions) as n_predictions
    from stale_windows
    inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
    inner join profiles
        on profiles.monitor = stale_windows.monitor
        and profiles.window_number > stale_windows.window_number - spans.span
        and profiles.window_number <= stale_windows.window_number
    {%- set keys = 'stale_windows.monitor, stale_windows.window_number, spans.span, profiles.segment, profiles.segment_value, profiles.metric, profiles.part' %}
    group by grouping sets (({{ keys }}), ({{ keys }}, profiles.model_version))
{% endmacro %}


{% macro custom_values(spec, custom) %}
    {#- The metrics of one monitor: each its expression over its merged parts. -#}
    {%- set keys = 'monitor, window_number, span, model_version, segment, segment_value, metric' %}
    {%- for metric in custom.metrics %}
    select {{ keys }}, sample_size, {{ 'label_coverage' if metric.needs_label else 'null' }} as label_coverage,
        cast({{ metric.value }} as {{ ml_monitor.type_double() }}) as metric_value
    from (
        select {{ keys }}, max(n) as sample_size, 1e0 * max(n) / max(n_predictions) as label_coverage
            {%- for part in metric.parts %},
            max(case when part = {{ loop.index }} then part_{{ part.merge }} end) as part_{{ loop.index }}
            {%- endfor %}
        from span_parts
        where monitor = {{ ml_monitor.literal(spec.name) }} and metric = '{{ metric.metric }}'
        group by {{ keys }}
    ) as merged
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}
