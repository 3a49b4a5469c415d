{#- Windows are `[start, end)`, stored in UTC. They are also numbered from a fixed epoch, so that "the last 7 windows" is a range
    of integers and a gap in the log is a gap in the numbers. With a time zone they are cut by its wall clock, and `window_start` is the
    moment, in UTC, at which the wall clock shows the start of the hour, day, week or month. Where `unit` is a mapping, windows are chunks
    of rows, and chunks.sql looks them up in the table that it names. -#}

{% macro window_epoch(unit) %}
    {#- A Monday, because weeks start on Monday. -#}
    {{- return("cast('" ~ ('1970-01-01' if unit == 'month' else '1970-01-05') ~ "' as timestamp)") -}}
{% endmacro %}


{% macro window_start_of(moment, unit, zone=none) %}
    {%- if unit is mapping -%}{{ return(ml_monitor.chunk_start(moment, unit)) }}{%- endif -%}
    {%- set start = 'cast(' ~ ml_monitor.start_of(unit, ml_monitor.wall_clock(moment, unit, zone)) ~ ' as timestamp)' -%}
    {{- return(ml_monitor.wall_clock_moment(start, unit, zone)) -}}
{% endmacro %}


{% macro window_number_of(window_start, unit, zone=none) %}
    {%- if unit is mapping -%}{{ return(ml_monitor.chunks_begun(window_start, ml_monitor.monitor_relation(unit.model))) }}{%- endif -%}
    {{- return('cast(' ~ ml_monitor.units_between(ml_monitor.window_epoch(unit), ml_monitor.wall_clock(window_start, unit, zone), unit) ~ ' as bigint)') -}}
{% endmacro %}


{% macro numbered_window_start(number, unit, zone=none) %}
    {%- if unit is mapping -%}{{ return(ml_monitor.numbered_chunk_start(number, ml_monitor.monitor_relation(unit.model))) }}{%- endif -%}
    {%- set shown = 'cast(' ~ ml_monitor.add_units(unit, 'cast(' ~ number ~ ' as integer)', ml_monitor.window_epoch(unit)) ~ ' as timestamp)' -%}
    {{- return(ml_monitor.wall_clock_moment(shown, unit, zone)) -}}
{% endmacro %}


{% macro window_end_of(window_start, unit, zone=none) %}
    {{- return('cast(' ~ ml_monitor.add_windows(1, window_start, unit, zone) ~ ' as timestamp)') -}}
{% endmacro %}


{% macro add_windows(number, window_start, unit, zone=none) %}
    {#- So many windows later. A day with 23 hours is one window. -#}
    {%- if unit is mapping -%}{{ return(ml_monitor.add_chunks(number, window_start, unit)) }}{%- endif -%}
    {%- set start = ml_monitor.add_units(unit, number, ml_monitor.wall_clock(window_start, unit, zone)) -%}
    {{- return(ml_monitor.wall_clock_moment(start, unit, zone)) -}}
{% endmacro %}


{% macro windows_between(first, second, unit, zone=none) %}
    {%- if unit is mapping -%}{{ return(ml_monitor.window_number_of(second, unit) ~ ' - ' ~ ml_monitor.window_number_of(first, unit)) }}{%- endif -%}
    {{- return(ml_monitor.units_between(ml_monitor.wall_clock(first, unit, zone), ml_monitor.wall_clock(second, unit, zone), unit)) -}}
{% endmacro %}


{% macro wall_clock(moment, unit, zone) %}
    {#- A moment as the zone's clock shows it. An hour lasts an hour in every zone, and one that daylight saving repeats is two windows: so for hours
        only what the zone is off the full hour counts. -#}
    {%- if not zone -%}{{ return(moment) }}{%- endif -%}
    {%- if unit != 'hour' -%}{{ return(ml_monitor.to_local(moment, zone)) }}{%- endif -%}
    {%- set minutes = ml_monitor.minutes_off_the_hour(zone) -%}
    {{- return(ml_monitor.add_units('minute', minutes, moment) if minutes else moment) -}}
{% endmacro %}


{% macro wall_clock_moment(shown, unit, zone) %}
    {#- The moment at which the zone's clock shows a time: the inverse of `wall_clock()`. -#}
    {%- if not zone -%}{{ return(shown) }}{%- endif -%}
    {%- if unit != 'hour' -%}{{ return(ml_monitor.to_utc(shown, zone)) }}{%- endif -%}
    {%- set minutes = ml_monitor.minutes_off_the_hour(zone) -%}
    {{- return(ml_monitor.add_units('minute', -minutes, shown) if minutes else shown) -}}
{% endmacro %}


{% macro minutes_off_the_hour(zone) %}
    {#- Of the zone's standard time: 30 in Asia/Kolkata, 0 in most. -#}
    {%- set january = modules.datetime.datetime(2026, 1, 1) -%}
    {%- set place = modules.pytz.timezone(zone) -%}
    {%- set standard = place.utcoffset(january) - place.dst(january) -%}
    {{ return((standard.total_seconds() // 60) | int % 60) }}
{% endmacro %}


{% macro window_cuts(monitor='monitor') %}
    {#- Every way in which monitors cut windows, with its SQL condition on `window_unit`, `timezone` and the column `monitor`. Those with a zone
        come first: in a `case` the first condition that holds counts. -#}
    {%- set cuts = [] -%}
    {%- set zoned = {} -%}
    {%- for spec in ml_monitor.monitors() -%}
        {%- if spec.window is mapping -%}
            {%- do cuts.append({'unit': spec.window, 'zone': none, 'condition': monitor ~ ' = ' ~ ml_monitor.literal(spec.name)}) -%}
        {%- elif spec.timezone -%}
            {%- set condition = "window_unit = '" ~ spec.window ~ "' and timezone = '" ~ spec.timezone ~ "'" -%}
            {%- do zoned.update({condition: {'unit': spec.window, 'zone': spec.timezone, 'condition': condition}}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do cuts.extend(zoned.values()) -%}
    {%- for unit in ['hour', 'day', 'week', 'month'] -%}
        {%- do cuts.append({'unit': unit, 'zone': none, 'condition': "window_unit = '" ~ unit ~ "'"}) -%}
    {%- endfor -%}
    {{ return(cuts) }}
{% endmacro %}
