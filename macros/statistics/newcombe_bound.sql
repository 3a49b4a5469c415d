{% macro newcombe_bound(p, p_bound, base, base_bound, side) %}
    {#- One end of the interval of a difference of two proportions, from the Wilson bounds of each (Newcombe 1998, method 10). Lower end: `side` '-'
        with the lower bound of p and the upper bound of base; upper end: '+' with the other two. -#}
    {{ p }} - {{ base }} {{ side }} sqrt(({{ p }} - {{ p_bound }}) * ({{ p }} - {{ p_bound }}) + ({{ base }} - {{ base_bound }}) * ({{ base }} - {{ base_bound }}))
{%- endmacro %}
