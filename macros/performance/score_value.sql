{% macro score_value(column, spec) %}
    {#- A logged score. That of a class is a probability: outside 0 to 1 it is invalid, as text would be, and no loss is made of it. -#}
    {%- set number = ml_monitor.finite(ml_monitor.to_number(column)) -%}
    {%- if spec.task == 'ranking' -%}
    {{ number }}
    {%- else -%}
    case when ({{ number }}) between 0 and 1 then ({{ number }}) end
    {%- endif -%}
{%- endmacro %}
