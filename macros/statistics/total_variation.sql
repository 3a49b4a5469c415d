{% macro total_variation(q, p) %}
    {#- Total variation distance, sum(|q - p|) / 2: the share of rows that would have to move. No smoothing. -#}
    sum(abs({{ q }} - {{ p }})) / 2
{%- endmacro %}


{% macro total_variation_noise(p, n, m) %}
    {#- Its mean under no drift: half the mean absolute deviation of each share, sqrt(2 / pi) of its standard error. -#}
    sum(0.3989422804014327e0 * sqrt({{ p }} * (1 - {{ p }}) * (1e0 / nullif({{ n }}, 0) + 1e0 / nullif({{ m }}, 0))))
{%- endmacro %}
