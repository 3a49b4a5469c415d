{% macro psi(q, p) %}
    {#- Population stability index, sum((q - p) ln(q / p)), the symmetric Kullback-Leibler divergence (Jeffreys 1946). Smoothed shares. -#}
    sum({{ ml_monitor.psi_term(q, p) }})
{%- endmacro %}


{% macro psi_term(q, p) %}
    {#- What one bin adds; never negative, so the terms explain the sum. -#}
    ({{ q }} - {{ p }}) * ln({{ q }} / {{ p }})
{%- endmacro %}
