{% macro chi_squared(c, r, n, m) %}
    {#- Pearson's two-sample statistic, sum((sqrt(M / N) c - sqrt(N / M) r)^2 / (c + r)): equal to that of the 2 x bins contingency table. -#}
    {%- set gap = '(sqrt(' ~ m ~ ' / ' ~ n ~ ') * ' ~ c ~ ' - sqrt(' ~ n ~ ' / ' ~ m ~ ') * ' ~ r ~ ')' -%}
    sum(case when {{ c }} + {{ r }} > 0 and {{ n }} > 0 and {{ m }} > 0 then {{ gap }} * {{ gap }} / ({{ c }} + {{ r }}) end)
{%- endmacro %}
