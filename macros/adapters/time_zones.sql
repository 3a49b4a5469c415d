{#- An instant in UTC as the wall clock of a zone shows it, and back. A wall-clock time that daylight saving skips is the moment of the change. -#}

{% macro to_local(moment, zone) %}{{ return(adapter.dispatch('to_local', 'ml_monitor')(moment, zone)) }}{% endmacro %}

{% macro default__to_local(moment, zone) %}
    {{- return('cast(cast(' ~ moment ~ " as timestamp) at time zone 'UTC' at time zone '" ~ zone ~ "' as timestamp)") -}}
{% endmacro %}

{% macro to_utc(moment, zone) %}{{ return(adapter.dispatch('to_utc', 'ml_monitor')(moment, zone)) }}{% endmacro %}

{% macro default__to_utc(moment, zone) %}
    {{- return('cast(cast(' ~ moment ~ " as timestamp) at time zone '" ~ zone ~ "' at time zone 'UTC' as timestamp)") -}}
{% endmacro %}


{% macro spark__to_local(moment, zone) %}{{ return('from_utc_timestamp(' ~ moment ~ ", '" ~ zone ~ "')") }}{% endmacro %}

{% macro spark__to_utc(moment, zone) %}{{ return('to_utc_timestamp(' ~ moment ~ ", '" ~ zone ~ "')") }}{% endmacro %}


{% macro snowflake__to_local(moment, zone) %}
    {{- return("convert_timezone('UTC', '" ~ zone ~ "', cast(" ~ moment ~ ' as timestamp_ntz))') -}}
{% endmacro %}

{% macro snowflake__to_utc(moment, zone) %}
    {{- return("convert_timezone('" ~ zone ~ "', 'UTC', cast(" ~ moment ~ ' as timestamp_ntz))') -}}
{% endmacro %}


{% macro redshift__to_local(moment, zone) %}
    {{- return("convert_timezone('UTC', '" ~ zone ~ "', cast(" ~ moment ~ ' as timestamp))') -}}
{% endmacro %}

{% macro redshift__to_utc(moment, zone) %}
    {{- return("convert_timezone('" ~ zone ~ "', 'UTC', cast(" ~ moment ~ ' as timestamp))') -}}
{% endmacro %}


{#- A timestamp is an instant here, and a wall clock is a datetime: it is shown as if it were UTC. -#}
{% macro bigquery__to_local(moment, zone) %}
    {{- return('timestamp(datetime(cast(' ~ moment ~ " as timestamp), '" ~ zone ~ "'))") -}}
{% endmacro %}

{% macro bigquery__to_utc(moment, zone) %}
    {{- return('timestamp(datetime(cast(' ~ moment ~ " as timestamp)), '" ~ zone ~ "')") -}}
{% endmacro %}


{#- `at time zone` of a timestamp without zone would take the session's zone first. -#}
{% macro trino__to_local(moment, zone) %}
    {{- return('cast(at_timezone(with_timezone(cast(' ~ moment ~ " as timestamp), 'UTC'), '" ~ zone ~ "') as timestamp)") -}}
{% endmacro %}

{% macro trino__to_utc(moment, zone) %}
    {{- return('cast(at_timezone(with_timezone(cast(' ~ moment ~ " as timestamp), '" ~ zone ~ "'), 'UTC') as timestamp)") -}}
{% endmacro %}
