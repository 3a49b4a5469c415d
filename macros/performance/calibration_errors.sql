{#- Standard errors by the delta method, as SQL expressions of two classes or of one against all others. -#}

{% macro observed_to_expected_error(ratio, observed, expected, sum_positive_score, sum_squared_score) %}
    {%- set noise = '(' ~ observed ~ ' - 2 * ' ~ ratio ~ ' * ' ~ sum_positive_score ~ ' + ' ~ ratio ~ ' * ' ~ ratio ~ ' * ' ~ sum_squared_score ~ ')' -%}
    {{- return('sqrt(' ~ ml_monitor.non_negative(noise) ~ ') / ' ~ expected) -}}
{% endmacro %}


{% macro uncertainty_error(rate, n) %}
    {#- Of Murphy's uncertainty, rate (1 - rate). -#}
    {{- return('abs(1 - 2 * ' ~ rate ~ ') * sqrt(' ~ rate ~ ' * (1 - ' ~ rate ~ ') / ' ~ n ~ ')') -}}
{% endmacro %}
