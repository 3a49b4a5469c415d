{% macro monitoring_now() %}
    {#- The monitoring clock, UTC: `ml_monitor__now` when set (a replay), else the current time. -#}
    {% set now = var('ml_monitor__now', none) %}
    {%- if now -%} cast('{{ ml_monitor._iso(now, "variable 'ml_monitor__now'") }}' as timestamp)
    {%- else -%} {{ ml_monitor.current_utc() }}
    {%- endif -%}
{% endmacro %}
