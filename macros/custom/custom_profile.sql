{% macro custom_profile(name) %}
    {#- Body of <monitor>__custom_profile: the aggregates of the custom metrics per window, version and segment. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        materialized='incremental',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
        **ml_monitor.replacing(['metric_id', 'window_start'])
    ) }}
    {%- set custom = ml_monitor.custom_metrics(spec) -%}
    {%- set log = ml_monitor.monitor_relation(spec.predictions) -%}
    {%- do ml_monitor.check_custom_columns(spec, log, custom.columns) %}
    with

    {{ ml_monitor.touched_custom_windows(spec, custom.metrics) }},

    {{ ml_monitor.custom_rows(spec, log, custom) }},

    wide as (
        {{ ml_monitor.custom_parts(spec, custom.metrics) }}
    ),

    parts as (
        {{ ml_monitor.tall_custom_parts(custom.metrics) }}
    ),

    final as (
        select
            {{ ml_monitor.literal(name) }} as monitor,
            touched.metric_id,
            touched.metric,
            coalesce(parts.model_version, '__missing__') as model_version,
            coalesce(parts.segment, '__all__') as segment,
            coalesce(parts.segment_value, '__all__') as segment_value,
            touched.window_start,
            {{ ml_monitor.window_number_of('touched.window_start', spec.window, spec.timezone) }} as window_number,
            {#- a window without a row is noted too, as part 0, or it would be looked for again and again #}
            coalesce(parts.part, 0) as part,
            parts.part_value,
            coalesce(parts.n, 0) as n,
            coalesce(parts.n_predictions, 0) as n_predictions,
            touched.source_updated_at,
            cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
        from touched
        left join parts on parts.metric_id = touched.metric_id and parts.window_start = touched.window_start
    )

    select * from final
{% endmacro %}
