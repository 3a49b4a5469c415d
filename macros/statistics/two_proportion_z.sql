{% macro two_proportion_z(successes, n, base_successes, base_n) %}
    {#- z of the difference of two proportions with their pooled variance. NULL when nobody or everybody succeeds on both sides. -#}
    {%- set pooled = '(1e0 * (' ~ successes ~ ' + ' ~ base_successes ~ ') / (' ~ n ~ ' + ' ~ base_n ~ '))' -%}
    (1e0 * {{ successes }} / {{ n }} - 1e0 * {{ base_successes }} / {{ base_n }})
    / nullif(sqrt({{ ml_monitor.non_negative(pooled ~ ' * (1 - ' ~ pooled ~ ')') }} * (1e0 / {{ n }} + 1e0 / {{ base_n }})), 0)
{%- endmacro %}
