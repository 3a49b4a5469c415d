{% macro target_value(metric) %}
    {#- What a limit that holds on both sides is measured from: 1 for a ratio, else 0. -#}
    {%- set ratios = ml_monitor.metric_catalogue() | selectattr('target') | map(attribute='metric') | join("', '") -%}
    case when {{ metric }} in ('{{ ratios }}') then 1e0 else 0e0 end
{%- endmacro %}
