{#- Windows are `[start, end)` in UTC. They are also numbered from a fixed epoch, so that "the last 7 windows" is a range
    of integers and a gap in the log is a gap in the numbers. -#}

{% macro window_epoch(unit) %}
    {#- A Monday, because weeks start on Monday. -#}
    {{- return("cast('" ~ ('1970-01-01' if unit == 'month' else '1970-01-05') ~ "' as timestamp)") -}}
{% endmacro %}


{% macro window_start_of(moment, unit) %}
    {{- return('cast(' ~ ml_monitor.start_of(unit, moment) ~ ' as timestamp)') -}}
{% endmacro %}


{% macro window_number_of(window_start, unit) %}
    {{- return('cast(' ~ ml_monitor.units_between(ml_monitor.window_epoch(unit), window_start, unit) ~ ' as bigint)') -}}
{% endmacro %}


{% macro window_end_of(window_start, unit) %}
    {{- return('cast(' ~ ml_monitor.add_units(unit, 1, window_start) ~ ' as timestamp)') -}}
{% endmacro %}
