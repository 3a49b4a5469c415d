{% macro needs_labels() %}
    {#- Condition on a row of metric values: it is made of labels, so it is looked at when they are due. -#}
    (family = 'performance' or feature = '__label__' or (family = 'custom' and label_coverage is not null))
{%- endmacro %}
