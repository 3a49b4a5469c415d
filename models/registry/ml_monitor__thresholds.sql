{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{%- set double = ml_monitor.type_double() %}
{% for spec in ml_monitor.monitors() %}
    {%- for threshold in spec.thresholds %}
select
    {{ ml_monitor.literal(spec.name) }} as monitor,
    '{{ threshold.metric }}' as metric,
    '{{ threshold.direction }}' as direction,
    cast({{ threshold.warn if threshold.warn is not none else 'null' }} as {{ double }}) as warn_threshold,
    cast({{ threshold.alert if threshold.alert is not none else 'null' }} as {{ double }}) as alert_threshold,
    cast({{ threshold.over }} as integer) as span,
    {{ 'true' if threshold.by_segment else 'false' }} as by_segment,
    '{{ threshold.test }}' as test
union all
    {%- endfor %}
{% endfor %}
select null, null, null, null, null, null, null, null
{{ ml_monitor.no_rows() }}
