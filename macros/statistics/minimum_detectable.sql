{% macro detectable_noncentrality(df, alpha) %}
    {#- The non-centrality that a chi-squared test of level alpha finds four times in five. A fit in powers of df, within 0.7 % of the
        exact value for df from 1 to 100 and the three levels that a monitor may choose. -#}
    {%- set fits = {'0.05': [2.6270, 3.0735, 2.2026], '0.01': [5.4973, 4.0402, 2.2069], '0.001': [10.2669, 5.2288, 1.6466]} -%}
    case
        {%- for level, (a, b, c) in fits.items() %}
        when abs({{ alpha }} - {{ level }}) < 0.0001e0 then {{ a }} + {{ b }} * sqrt({{ df }}) + {{ c }} * sqrt(sqrt({{ df }}))
        {%- endfor %}
    end
{%- endmacro %}
