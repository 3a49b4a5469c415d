{% macro js_distance(q, p) %}
    {#- Square root of the Jensen-Shannon divergence, log base 2, so that 0 is equal and 1 is disjoint (Lin 1991).
        0 ln 0 = 0: no smoothing. `case` keeps rounding from putting a negative under the root. -#}
    {%- set middle = '((' ~ q ~ ' + ' ~ p ~ ') / 2)' -%}
    {%- set sum -%}
        (sum(case when {{ q }} > 0 then {{ q }} * ln({{ q }} / {{ middle }}) else 0 end
            + case when {{ p }} > 0 then {{ p }} * ln({{ p }} / {{ middle }}) else 0 end) / 2 / ln(2.0))
    {%- endset -%}
    case
        when max({{ q }}) is null or max({{ p }}) is null then null
        when {{ sum }} < 0 then 0
        else sqrt({{ sum }})
    end
{%- endmacro %}
