{% macro wilson_bound(successes, n, side) %}
    {#- One end of the 95 % Wilson score interval of a proportion (Wilson 1927). `side`: '-' lower, '+' upper. -#}
    {%- set p = '(1e0 * ' ~ successes ~ ' / ' ~ n ~ ')' -%}
    {%- set z2 = '3.841458820694124' -%}
    case when {{ n }} > 0 then
        ({{ p }} + {{ z2 }} / (2 * {{ n }}) {{ side }} sqrt({{ z2 }} * ({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z2 }} / (4e0 * {{ n }} * {{ n }}))))
        / (1 + {{ z2 }} / {{ n }})
    end
{% endmacro %}
