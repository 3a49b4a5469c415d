{% macro finite(x) %}
    {#- x, or NULL when it is NaN, infinite or so large that sums of its square overflow: NaN is not below anything, in every warehouse. -#}
    case when abs({{ x }}) <= 1e150 then {{ x }} end
{% endmacro %}
