{% macro incident_id(opened_at, alert_key='alert_key') %}
    {#- One incident: from an alert's opening to its resolution. -#}
    {{ ml_monitor.md5(alert_key ~ " || '|' || cast(" ~ opened_at ~ " as " ~ dbt.type_string() ~ ")") }}
{%- endmacro %}
