{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{% for spec in ml_monitor.monitors() %}
    {%- set outer = loop %}
    {%- for span in ([1] + spec.rolling) | unique %}
select {{ ml_monitor.literal(spec.name) }} as monitor, cast({{ span }} as integer) as span
{{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
{% endfor %}
