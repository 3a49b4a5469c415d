{% macro rounded(value) -%}
    {#- To a whole number, halves up: warehouses differ in where `round()` takes 0.565, which no double is, and in halves. -#}
    floor({{ value }} + 0.5e0)
{%- endmacro %}
