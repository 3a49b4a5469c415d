{% macro reference_rows(spec, unless=none) %}
    {#- CTEs `reference_log` and `reference_rows`: the parsed raw rows of the reference. `unless`: a condition under which none are read. -#}
    {%- set relation = ml_monitor.monitor_relation(spec.reference.relation if spec.reference.relation is defined else spec.predictions) -%}
    {%- if var('ml_monitor__excluded_periods', none) %}
    excluded_periods as (
        {{ ml_monitor.excluded_periods() }}
    ),

    {% endif %}
    reference_log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(relation, {'predicted_at': spec.predicted_at}, ml_monitor.optional_columns(spec)) }}
    ),

    reference_rows as {{ ml_monitor.inline_cte() }} (
        select
            {{ ml_monitor.parsed_columns(spec) }}
        from reference_log
        where {{ ml_monitor.reference_period(spec, 'reference_log') }}
            {%- if var('ml_monitor__excluded_periods', none) %}
            and not {{ ml_monitor.is_excluded(ml_monitor.literal(spec.name), 'reference_log.predicted_at') }}
            {%- endif %}
            {%- if unless %}
            and not {{ unless }}
            {%- endif %}
    )
{% endmacro %}
