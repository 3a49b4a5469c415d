{% macro log_loss(score, label) %}
    {#- -ln of the probability that the model gave to what happened; scores clipped to [1e-15, 1 - 1e-15] so that one sure mistake is not infinite. -#}
    {%- set p = 'case when ' ~ score ~ ' < 1e-15 then 1e-15 when ' ~ score ~ ' > 1 - 1e-15 then 1 - 1e-15 else ' ~ score ~ ' end' -%}
    -(case when {{ label }} = 1 then ln({{ p }}) when {{ label }} = 0 then ln(1 - ({{ p }})) end)
{%- endmacro %}
