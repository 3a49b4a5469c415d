{% macro is_judged(rows) -%}
    {#- Condition: values of all versions together are judged, and what only a version has. -#}
    ({{ rows }}.model_version = '__all__' or {{ rows }}.metric in ('{{ ml_monitor.difference_metrics() | join("', '") }}'))
{%- endmacro %}
