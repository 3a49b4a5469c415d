{% macro hellinger(q, p) %}
    {#- Hellinger distance, sqrt(sum((sqrt(q) - sqrt(p))^2) / 2), between 0 and 1 (Hellinger 1909). No smoothing. -#}
    sqrt(sum(({{ 'sqrt(' ~ q ~ ')' }} - {{ 'sqrt(' ~ p ~ ')' }}) * ({{ 'sqrt(' ~ q ~ ')' }} - {{ 'sqrt(' ~ p ~ ')' }})) / 2)
{%- endmacro %}
