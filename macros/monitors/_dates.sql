{% macro _iso(moment, where) %}
    {#- YAML turns 2026-01-31 into a date: back to text, checked, so that it can stand in SQL. `where`: whose date it is, for the error. -#}
    {% set text = moment | string %}
    {% if not ml_monitor._is_moment(text) %}
        {{ exceptions.raise_compiler_error("ml_monitor: " ~ where ~ ": '" ~ text ~ "' is not a date. Allowed: YYYY-MM-DD, YYYY-MM-DD HH:MM:SS.") }}
    {% endif %}
    {{ return(text | replace('T', ' ')) }}
{% endmacro %}


{% macro _is_moment(text) %}
    {#- Of a day that the calendar has: 2013-02-30 would fail in the warehouse, which does not know whose it is. -#}
    {% set found = modules.re.fullmatch('(?!0000)([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)?', text) %}
    {% if not found %}
        {{ return(false) }}
    {% endif %}
    {% set first_of_month = modules.datetime.date(found.group(1) | int, found.group(2) | int, 1) %}
    {{ return((first_of_month + modules.datetime.timedelta(days=found.group(3) | int - 1)).month == first_of_month.month) }}
{% endmacro %}


{% macro _period(name, key, declared) %}
    {#- The two ends of a period of the configuration, checked. -#}
    {% set period = {} %}
    {% for end in ['from', 'to'] %}
        {% do period.update({end: ml_monitor._iso(declared[end], "monitor '" ~ name ~ "', key '" ~ key ~ "." ~ end ~ "'")}) %}
    {% endfor %}
    {% if period.from >= period.to %}
        {% do ml_monitor._config_error(name, key, 'is empty: from must be before to (to is excluded)') %}
    {% endif %}
    {{ return(period) }}
{% endmacro %}
