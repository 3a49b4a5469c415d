{% macro sample_variance(sum, sum_squares, n) %}
    {#- Unbiased variance from sums that are centred near the mean, so that little cancels. NULL for fewer than two values. -#}
    case when {{ n }} > 1 then {{ ml_monitor.non_negative('(' ~ sum_squares ~ ' - 1e0 * ' ~ sum ~ ' * ' ~ sum ~ ' / ' ~ n ~ ')') }} / ({{ n }} - 1) end
{%- endmacro %}
