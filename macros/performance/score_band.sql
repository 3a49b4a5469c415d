{% macro score_band() %}
    {#- Of ten bands with equal numbers of rows the one that a score belongs to, by the middle of the rows that share it. -#}
    floor(10 * (positives_below + negatives_below) / (all_positives + all_negatives))
{%- endmacro %}
