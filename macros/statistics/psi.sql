{% macro psi_term(q, p) %}
    {#- What one bin adds to the population stability index, the symmetric Kullback-Leibler divergence (Jeffreys 1946); never
        negative, so the terms explain the sum. -#}
    ({{ q }} - {{ p }}) * ln({{ q }} / {{ p }})
{%- endmacro %}
