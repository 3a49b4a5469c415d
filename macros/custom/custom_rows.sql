{% macro custom_rows(spec, log, custom) %}
    {#- The log's rows of the touched windows with the columns that custom metrics read, and their latest label if one asks for it. -#}
    {%- set needs_label = custom.metrics | selectattr('needs_label') | list | length > 0 -%}
    {%- set segments = ml_monitor.segment_sources(spec) -%}
    {%- set columns = {} -%}
    {%- for column in custom.columns -%}
        {%- do columns.update({'x' ~ loop.index: column}) -%}
    {%- endfor %}
    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(
            log,
            {'prediction_id': spec.prediction_id, 'predicted_at': spec.predicted_at, 'raw_version': spec.model_version},
            dict(segments, **columns),
            custom.columns,
        ) }}
    ),

    kept_segments as (
        {{ ml_monitor.frozen_segments(spec) }}
    ),

    predictions as (
        select
            prediction_id,
            coalesce(cast(raw_version as {{ dbt.type_string() }}), '__missing__') as model_version,
            {{- ml_monitor.kept_segment_columns(spec) }}
            {%- for alias in columns %}
            {{ alias }},
            {%- endfor %}
            {{ ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone) }} as window_start
        from log
        {{- ml_monitor.kept_segment_joins(spec) }}
        where predicted_at < {{ ml_monitor.monitoring_now() }}
            and predicted_at >= (select min(window_start) from touched)
            and {{ ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone) }} in (select window_start from touched)
    ),

    {%- if needs_label %}

    {{ ml_monitor.feedback_rows(spec, ml_monitor.monitor_relation(spec.feedback)) }},

    {{ ml_monitor.latest_labels() }},
    {%- endif %}

    custom_rows as (
        select predictions.*{{ ', labels.label' if needs_label }}
        from predictions
        {{ 'left join labels on labels.prediction_id = predictions.prediction_id' if needs_label }}
    )
{% endmacro %}
