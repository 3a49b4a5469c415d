{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{%- set rows = [] %}
{%- for spec in ml_monitor.monitors() %}
    {%- for span in ([1] + spec.rolling) | unique %}
        {%- do rows.append({'monitor': ml_monitor.literal(spec.name), 'span': 'cast(' ~ span ~ ' as integer)'}) %}
    {%- endfor %}
{%- endfor %}

{{ ml_monitor.constant_rows(rows) }}
