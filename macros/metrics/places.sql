{#- Numbers and names as rows, to be joined with what is read once. -#}

{% macro places(first, last) %}
    {#- Whole numbers as rows. -#}
    {%- for place in range(first, last + 1) -%}
    select {{ place }} as place{{ ' union all ' if not loop.last }}
    {%- endfor -%}
{% endmacro %}


{% macro names(column, values) %}
    {#- These names as rows of one column. Rows joined with them and a `case` read their source once, a union once per name. -#}
    {%- for value in values -%}
    select {{ ml_monitor.literal(value) }} as {{ column }}{{ ' union all ' if not loop.last }}
    {%- endfor -%}
{% endmacro %}
