{% macro kl_divergence(q, p) %}
    {#- KL(window || reference) = sum(q ln(q / p)): nats lost when the window is coded with the reference (Kullback and Leibler 1951). -#}
    sum({{ q }} * ln({{ q }} / {{ p }}))
{%- endmacro %}
