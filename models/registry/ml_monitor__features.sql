{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{% for spec in ml_monitor.monitors() %}
    {%- set outer = loop %}
    {%- for variable in ml_monitor.compared_variables(spec) %}
select
    {{ ml_monitor.literal(spec.name) }} as monitor,
    {{ ml_monitor.literal(variable.name) }} as feature,
    {{ ml_monitor.literal(variable.column) }} as column_name,
    '{{ variable.type }}' as feature_type,
    {{ 'true' if variable.seasonal else 'false' }} as is_seasonal
{{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
{% endfor %}
