{% macro chi_squared_tail(x, df, max_df) %}
    {#- P(chi-squared with df degrees of freedom > x): the finite sum for whole df (Abramowitz and Stegun 26.4.4 and 26.4.5), nested
        so that no term overflows. `max_df` is the largest df that can occur; beyond 120 the Wilson-Hilferty approximation takes over.
        x and df are written often: give columns. Beyond x = 1300, where it is below 1e-190, the answer is 0. -#}
    {%- set y = '(' ~ x ~ ' / 2)' -%}
    {%- set half = '(0.5e0 * mod(' ~ df ~ ', 2))' -%}
    {%- set sum = namespace(text='1') -%}
    {%- set exact_df = 120 -%}
    {%- for i in range((([max_df, exact_df] | min + 1) // 2) - 1, 0, -1) -%}
        {%- set sum.text = '(1 + case when ' ~ df ~ ' > ' ~ (2 * i + 1) ~ ' then ' ~ y ~ ' / (' ~ i ~ ' + ' ~ half ~ ') * ' ~ sum.text ~ ' else 0 end)' -%}
    {%- endfor -%}
    case
        when {{ x }} is null or {{ df }} is null then null
        when {{ x }} <= 0 or {{ df }} < 1 then 1
        {%- if max_df > exact_df %}
        when {{ df }} > {{ exact_df }} then {{ ml_monitor.normal_tail(ml_monitor.wilson_hilferty_z(x, df)) }}
        {%- endif %}
        when {{ x }} > 1300 then 0
        when {{ df }} = 1 then {{ ml_monitor.erfc('sqrt(' ~ y ~ ')') }}
        else case when {{ half }} > 0 then {{ ml_monitor.erfc('sqrt(' ~ y ~ ')') }} else 0 end
            + case when {{ half }} > 0 then sqrt({{ y }}) / 0.886226925452758e0 else 1 end * exp(-{{ y }}) * {{ sum.text }}
    end
{%- endmacro %}


{% macro wilson_hilferty_z(x, df) %}
    {#- The z of the cube-root approximation (Wilson and Hilferty 1931): good for many degrees of freedom. -#}
    ((power(1e0 * {{ x }} / {{ df }}, 1e0 / 3) - 1 + 2e0 / (9 * {{ df }})) / sqrt(2e0 / (9 * {{ df }})))
{%- endmacro %}


{% macro noncentral_chi_squared_tail_z(x, df, lambda) %}
    {#- The z whose normal tail is P(non-central chi-squared > x) (Sankaran 1963, second approximation): relative error of the
        tail, where that is 1 % or more, below 2 % from 5 degrees of freedom on and below 6 % with one. -#}
    {%- set k = '(' ~ df ~ ' + ' ~ lambda ~ ')' -%}
    {%- set k2 = '(' ~ df ~ ' + 2 * ' ~ lambda ~ ')' -%}
    {%- set h = '(1 - 2e0 * ' ~ k ~ ' * (' ~ df ~ ' + 3 * ' ~ lambda ~ ') / (3e0 * ' ~ k2 ~ ' * ' ~ k2 ~ '))' -%}
    {%- set p = '(' ~ k2 ~ ' / (' ~ k ~ ' * ' ~ k ~ '))' -%}
    {%- set m = '((' ~ h ~ ' - 1) * (1 - 3 * ' ~ h ~ '))' -%}
    case when {{ x }} > 0 and {{ lambda }} is not null then (power({{ x }} / {{ k }}, {{ h }}) - (1 + {{ h }} * {{ p }} * ({{ h }} - 1 - 0.5e0 * (2 - {{ h }}) * {{ m }} * {{ p }})))
        / ({{ h }} * sqrt(2e0 * {{ p }}) * (1 + 0.5e0 * {{ m }} * {{ p }})) end
{%- endmacro %}
