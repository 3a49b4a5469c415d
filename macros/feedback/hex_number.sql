{% macro hex_number(digest, digits) %}
    {#- SQL: the first digits of a hexadecimal text as a number. Sums of it tell sets of texts apart. -#}
    {%- set terms = [] -%}
    {%- for place in range(1, digits + 1) -%}
        {%- do terms.append('cast(' ~ 16 ** (digits - place) ~ ' as bigint) * (' ~ dbt.position('substr(' ~ digest ~ ', ' ~ place ~ ', 1)', "'0123456789abcdef'") ~ ' - 1)') -%}
    {%- endfor -%}
    {{- return('(' ~ terms | join(' + ') ~ ')') -}}
{% endmacro %}
