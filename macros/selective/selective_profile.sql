{% macro selective_profile(name) %}
    {#- Body of <monitor>__selective_profile: per window and segment, sums of rows weighted by 1 / propensity, for monitors whose labels come only for
        what was acted on. Reads the log back to `lookback` on every run. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(materialized='table', tags=['ml_monitor_profile'], sql_header=ml_monitor.sql_header(), meta={'ml_monitor': spec}) }}
    with

    {{ ml_monitor.feedback_rows(spec, ml_monitor.monitor_relation(spec.feedback) if spec.feedback) }},

    {{ ml_monitor.selective_rows(spec) }},

    measured as (
        select outcomes.*,
            {%- for name, expression in ml_monitor.selective_measures(spec).items() %}
            {{ expression }} as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from outcomes
    ),

    summed as (
        select window_start,
            {{- ml_monitor.segment_columns(spec.segments) }}
            {%- for column, sum in ml_monitor.selective_sums().items() %},
            cast({{ sum }} as {{ ml_monitor.type_double() }}) as {{ column }}
            {%- endfor %}
        from measured
        {{ ml_monitor.grouping_keys(['window_start'], spec.segments) }}
    ),

    final as (
        select {{ ml_monitor.literal(name) }} as monitor, segment, segment_value, window_start,
            {{ ml_monitor.window_number_of('window_start', spec.window, spec.timezone) }} as window_number,
            {{ ml_monitor.selective_sums().keys() | join(', ') }}
        from summed
    )

    select * from final
{% endmacro %}
