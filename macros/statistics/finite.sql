{% macro finite(x) %}
    {#- x, or NULL when it is NaN or infinite: x - x is 0 only for finite numbers, in every warehouse. -#}
    case when {{ x }} - {{ x }} = 0 then {{ x }} end
{% endmacro %}
