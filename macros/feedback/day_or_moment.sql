{% macro day_or_moment(column, zone) %}
    {#- SQL: a time of the log as a moment. A date is a day on the zone's clock, and begins there; as text it has no hours, whatever its type. -#}
    {%- set moment = 'cast(' ~ column ~ ' as timestamp)' -%}
    {%- if not zone -%}{{ return(moment) }}{%- endif -%}
    {{- return('case when length(cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')) = 10 then ' ~ ml_monitor.to_utc(moment, zone) ~ ' else ' ~ moment ~ ' end') -}}
{% endmacro %}
