{% macro erfc(z) %}
    {#- Complementary error function for z >= 0, rational Chebyshev form with a relative error below 1.2e-7 (Numerical Recipes,
        6.2.2). Beyond z = 26 it is under the smallest double, where some warehouses raise an error. -#}
    {%- set t = '(1 / (1 + 0.5e0 * ' ~ z ~ '))' -%}
    {%- set coefficients = ['0.17087277', '-0.82215223', '1.48851587', '-1.13520398', '0.27886807', '-0.18628806', '0.09678418', '0.37409196', '1.00002368', '-1.26551223'] -%}
    {%- set polynomial = namespace(text=coefficients[0]) -%}
    {%- for coefficient in coefficients[1:] -%}
        {%- set polynomial.text = '(' ~ coefficient ~ ' + ' ~ t ~ ' * ' ~ polynomial.text ~ ')' -%}
    {%- endfor -%}
    case when {{ z }} > 26 then 0 else {{ t }} * exp(-({{ z }}) * ({{ z }}) + {{ polynomial.text }}) end
{%- endmacro %}


{% macro normal_tail(z) %}
    {#- P(Z > z) of the standard normal distribution. `z` is written often: give a column. -#}
    case
        when {{ z }} is null then null
        when {{ z }} >= 0 then 0.5e0 * ({{ ml_monitor.erfc('(abs(' ~ z ~ ') / 1.4142135623730951e0)') }})
        else 1 - 0.5e0 * ({{ ml_monitor.erfc('(abs(' ~ z ~ ') / 1.4142135623730951e0)') }})
    end
{%- endmacro %}
