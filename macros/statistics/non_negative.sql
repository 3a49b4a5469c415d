{% macro non_negative(x) %}
    {#- A sum of squares that rounding may have left a little below zero. -#}
    case when {{ x }} > 0 then {{ x }} else 0 end
{%- endmacro %}


{% macro mean_error(sum, sum_squares, n) %}
    {#- Standard error of a mean from its sums. -#}
    case when {{ n }} > 1 then sqrt({{ ml_monitor.non_negative('(' ~ sum_squares ~ ' - 1e0 * ' ~ sum ~ ' * ' ~ sum ~ ' / ' ~ n ~ ')') }} / ({{ n }} - 1) / {{ n }}) end
{%- endmacro %}
