{% macro published(expression, n, monitor='monitor') %}
    {#- A value that readers see: NULL where a monitor's privacy asks for more rows than it was made from. -#}
    {%- set small = ml_monitor.is_small_cell(n, monitor) -%}
    {{- return(expression if small == '1 = 0' else '(case when ' ~ small ~ ' then null else ' ~ expression ~ ' end)') -}}
{% endmacro %}


{% macro is_small_cell(n, monitor='monitor') %}
    {#- Condition: rows, but fewer than the monitor's minimum_cell. -#}
    {%- set conditions = [] -%}
    {%- for spec in ml_monitor.monitors() if spec.privacy.minimum_cell > 1 -%}
        {%- do conditions.append('(' ~ monitor ~ ' = ' ~ ml_monitor.literal(spec.name) ~ ' and ' ~ n ~ ' > 0 and ' ~ n ~ ' < ' ~ spec.privacy.minimum_cell ~ ')') -%}
    {%- endfor -%}
    {{- return(conditions | join(' or ') or '1 = 0') -}}
{% endmacro %}
