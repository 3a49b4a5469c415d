{#- Compiled and parsed in the tests, never run. A `timestamp` is an instant, shown in UTC. -#}

{% macro bigquery__type_double() %}{{ return('float64') }}{% endmacro %}


{% macro bigquery__constant_rows(rows) %}{{ return(ml_monitor.united_rows(rows)) }}{% endmacro %}


{% macro bigquery__current_utc() %}{{ return('current_timestamp()') }}{% endmacro %}


{#- By way of text, because a boolean cannot be cast to a number even safely. -#}
{% macro bigquery__to_number(expression) %}{{ return('safe_cast(cast(' ~ expression ~ ' as string) as float64)') }}{% endmacro %}


{#- percentile_cont() is no aggregate here: the edges of the bins are approximate, and frozen like any. -#}
{% macro bigquery__quantile(expression, share, shares) %}
    {{- return('approx_quantiles(' ~ expression ~ ', 1000)[offset(' ~ (share * 1000) | round | int ~ ')]') -}}
{% endmacro %}


{#- A backslash escapes, and two quotes are two literals. -#}
{% macro bigquery__literal(text) %}
    {{- return("cast(null as string)" if text is none else "'" ~ (text | string | replace('\\', '\\\\') | replace("'", "\\'")) ~ "'") -}}
{% endmacro %}


{% macro bigquery__identifier(name) %}{{ return('`' ~ (name | replace('\\', '\\\\') | replace('`', '\\`')) ~ '`') }}{% endmacro %}


{% macro bigquery__union_distinct() %}{{ return('union distinct') }}{% endmacro %}


{#- A CTE is computed once per reader. -#}
{% macro bigquery__repeats_ctes() %}{{ return(true) }}{% endmacro %}


{#- `week` begins on Sunday. -#}
{% macro bigquery__start_of(unit, moment) %}
    {{- return('timestamp_trunc(cast(' ~ moment ~ ' as timestamp), ' ~ ('isoweek' if unit == 'week' else unit) ~ ')') -}}
{% endmacro %}


{#- timestamp_add() knows no weeks and months. -#}
{% macro bigquery__add_units(unit, number, moment) %}
    {{- return('timestamp(datetime_add(datetime(' ~ moment ~ '), interval ' ~ number ~ ' ' ~ unit ~ '))') -}}
{% endmacro %}


{% macro bigquery__units_between(first, second, unit) %}
    {{- return('datetime_diff(datetime(' ~ second ~ '), datetime(' ~ first ~ '), ' ~ ('isoweek' if unit == 'week' else unit) ~ ')') -}}
{% endmacro %}


{#- A correlated subquery may compare with `=` alone, unless it reads an array. -#}
{% macro bigquery__chunks_begun(moment, chunks) %}
    {{- return('(select count(*) from unnest((select array_agg(starts_at) from ' ~ chunks ~ ')) as begun where begun <= ' ~ moment ~ ')') -}}
{% endmacro %}
