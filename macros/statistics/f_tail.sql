{% macro f_tail(c, df, df2, t_z, max_df) %}
    {#- P(df x F > c) for F with df and df2 degrees of freedom: the finite sum over df (Abramowitz and Stegun 26.6.4 and 26.6.8), nested so
        that no term overflows. Exact for even df; odd df begin with the tail of Student's t, of which `t_z` is the normal score
        (`t_normal_score`). c, df, df2 and t_z are written often: give columns. -#}
    {%- set h = '(0.5e0 * ' ~ df2 ~ ')' -%}
    {%- set half = '(0.5e0 * mod(' ~ df ~ ', 2))' -%}
    {%- set y = '(' ~ c ~ ' / (' ~ df2 ~ ' + ' ~ c ~ '))' -%}
    {%- set power = '(' ~ h ~ ' * ln(1 + 1e0 * ' ~ c ~ ' / ' ~ df2 ~ '))' -%}
    {%- set sum = namespace(text='1') -%}
    {%- for k in range((max_df - 1) // 2, 0, -1) -%}
        {%- set place = '(' ~ k ~ ' + ' ~ half ~ ')' -%}
        {%- set sum.text = '(1 + case when ' ~ df ~ ' > ' ~ place ~ ' * 2 then ' ~ y ~ ' * (' ~ h ~ ' + ' ~ place ~ ' - 1) / ' ~ place ~ ' * ' ~ sum.text ~ ' else 0 end)' -%}
    {%- endfor -%}
    case
        when {{ c }} is null or {{ df }} < 1 or {{ df2 }} < 1 then null
        when {{ c }} <= 0 then 1
        when {{ power }} > 650 then 0
        when {{ half }} = 0 then exp(-{{ power }}) * {{ sum.text }}
        else 2 * ({{ ml_monitor.normal_tail(t_z) }})
            + case when {{ df }} = 1 then 0 else exp(-{{ power }}) * {{ ml_monitor.gamma_ratio(h) }} / 0.886226925452758e0 * sqrt({{ y }}) * {{ sum.text }} end
    end
{%- endmacro %}


{% macro t_root(t_squared, df) %}
    {#- First step towards the normal score of Student's t. -#}
    sqrt(({{ df }} - 0.5e0) * ln(1 + 1e0 * {{ t_squared }} / {{ df }}))
{%- endmacro %}


{% macro t_normal_score(root, df) %}
    {#- The normal z with the tail of Student's t, from `t_root` (Hill 1970): relative error of the tail below 1e-6 from 10 degrees of
        freedom on. `root` is written often: give a column. -#}
    {%- set z = root -%}
    {%- set b = '(48 * (' ~ df ~ ' - 0.5e0) * (' ~ df ~ ' - 0.5e0))' -%}
    {{ z }} + (power({{ z }}, 3) + 3 * {{ z }}) / {{ b }}
        - (4 * power({{ z }}, 7) + 33 * power({{ z }}, 5) + 240 * power({{ z }}, 3) + 855 * {{ z }}) / (10 * {{ b }} * ({{ b }} + 0.8e0 * power({{ z }}, 4) + 100))
{%- endmacro %}


{% macro gamma_ratio(h) %}
    {#- Gamma(h + 1/2) / Gamma(h), asymptotic series: relative error below 1e-6 for h >= 5. -#}
    sqrt({{ h }}) * (1 - 1 / (8 * {{ h }}) + 1 / (128 * {{ h }} * {{ h }}) + 5 / (1024 * power({{ h }}, 3)) - 21 / (32768 * power({{ h }}, 4)))
{%- endmacro %}
