{% macro wasserstein(before, after, width) %}
    {#- First Wasserstein distance, the area between two distribution functions that run straight between bin edges (Vallender 1974).
        `before` and `after`: their difference at the lower and upper edge; crossing lines enclose two triangles. -#}
    sum({{ width }} * case
        when ({{ before }}) * ({{ after }}) >= 0 then (abs({{ before }}) + abs({{ after }})) / 2
        else (({{ before }}) * ({{ before }}) + ({{ after }}) * ({{ after }})) / (2 * (abs({{ before }}) + abs({{ after }})))
    end)
{%- endmacro %}
