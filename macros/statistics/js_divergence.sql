{% macro js_divergence(q, p) %}
    {#- Jensen-Shannon divergence in bits: 0 is equal, 1 is disjoint (Lin 1991). 0 ln 0 = 0: no smoothing.
        Its square root, the distance, is a metric. -#}
    {%- set middle = '((' ~ q ~ ' + ' ~ p ~ ') / 2)' -%}
    sum(case when {{ q }} > 0 then {{ q }} * ln({{ q }} / {{ middle }}) when {{ q }} = 0 then 0 end
        + case when {{ p }} > 0 then {{ p }} * ln({{ p }} / {{ middle }}) when {{ p }} = 0 then 0 end) / 2 / ln(2e0)
{%- endmacro %}
