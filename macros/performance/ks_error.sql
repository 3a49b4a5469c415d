{% macro ks_error() %}
    {#- Standard error of `ks_separation`: the largest that a difference of two distribution functions can have. -#}
    {{- return('sqrt((1 - ks_separation * ks_separation) / 4 * (1 / nullif(all_positives, 0) + 1 / nullif(all_negatives, 0)))') -}}
{% endmacro %}
