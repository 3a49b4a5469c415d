{% macro chi_squared_critical(df, z=3.090232306167813) %}
    {#- Wilson-Hilferty approximation of the chi-squared quantile; z = 3.09 is the 99.9 % point.
        Error below 1 % for df >= 9 and 4 % for df = 1 there: enough for a noise gate. -#}
    ({{ df }} * power(1 - 2e0 / (9 * {{ df }}) + {{ z }} * sqrt(2e0 / (9 * {{ df }})), 3))
{% endmacro %}
