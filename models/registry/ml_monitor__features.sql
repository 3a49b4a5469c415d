{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{%- set rows = [] %}
{%- for spec in ml_monitor.monitors() %}
    {%- for variable in ml_monitor.compared_variables(spec) %}
        {%- do rows.append({
            'monitor': ml_monitor.literal(spec.name),
            'feature': ml_monitor.literal(variable.name),
            'column_name': ml_monitor.literal(variable.column),
            'feature_type': ml_monitor.literal(variable.type),
            'is_seasonal': 'true' if variable.seasonal else 'false',
        }) %}
    {%- endfor %}
{%- endfor %}

{{ ml_monitor.constant_rows(rows) }}
