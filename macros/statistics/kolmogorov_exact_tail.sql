{% macro kolmogorov_exact_tail(z, n) %}
    {#- P(sqrt(n) D > z) of the Kolmogorov statistic of n rows: the asymptotic series with its terms in 1/sqrt(n), 1/n and 1/n^1.5 (Li-Chien
        1956; Pelz and Good 1976). Within 1e-6 from n = 200 on, within 3e-5 at 50; rounding may leave it a little outside 0 to 1. z and n are
        written often: give columns. -#}
    {%- set terms = [] -%}
    {%- for k in range(1, 21) -%}
        {%- set odd = k % 2 -%}
        {%- set f1, f2, k2 = k * k - odd, 5 * k * k + 22 - 15 * odd, k * k -%}
        {%- set z2 = z ~ ' * ' ~ z -%}
        {%- set root = '- ' ~ 2 * k2 ~ ' * ' ~ z ~ ' / (3 * sqrt(' ~ n ~ '))' -%}
        {%- set first = '- (' ~ f1 ~ ' - ' ~ 4 * (f1 + 3) * k2 ~ ' * ' ~ z2 ~ ' + ' ~ 8 * k2 * k2 ~ ' * ' ~ z2 ~ ' * ' ~ z2 ~ ') / (18 * ' ~ n ~ ')' -%}
        {%- set second = '+ ' ~ k2 ~ ' * ' ~ z ~ ' / (27 * ' ~ n ~ ' * sqrt(' ~ n ~ ')) * (' ~ f2 / 5 ~ 'e0 - ' ~ 4 * (f2 + 45) * k2 / 15 ~ 'e0 * ' ~ z2 ~ ' + ' ~ 8 * k2 * k2 ~ ' * ' ~ z2 ~ ' * ' ~ z2 ~ ')' -%}
        {%- do terms.append(('+ ' if odd else '- ') ~ 'case when ' ~ 2 * k2 ~ ' * ' ~ z2 ~ ' > 600 then 0 else exp(-' ~ 2 * k2 ~ ' * ' ~ z2 ~ ') * (1 ' ~ root ~ ' ' ~ first ~ ' ' ~ second ~ ') end') -%}
    {%- endfor -%}
    case
        when {{ z }} is null or {{ n }} < 1 then null
        when {{ z }} < 0.25e0 then 1
        when {{ z }} > 16 then 0
        else 2 * ({{ terms | join(' ') }})
    end
{%- endmacro %}

