{#- Run on Spark 4 with Parquet tables. The session's time zone must be UTC (spark.sql.session.timeZone): `timestamp` is an instant here. -#}

{% macro spark__type_double() %}{{ return('double') }}{% endmacro %}


{#- No `at time zone`; the session's time zone is UTC. -#}
{% macro spark__current_utc() %}{{ return('current_timestamp()') }}{% endmacro %}


{#- dbt's safe_cast is a plain cast, which raises an error in ANSI mode. Java's suffixes pass: '1.5d' is 1.5. -#}
{% macro spark__to_number(expression) %}{{ return('try_cast(' ~ expression ~ ' as double)') }}{% endmacro %}


{#- percentile_cont() would sort once per quantile. -#}
{% macro spark__quantile(expression, share, shares) %}
    {{- return('percentile(' ~ expression ~ ', array(' ~ shares | join(', ') ~ '))[' ~ shares.index(share) ~ ']') -}}
{% endmacro %}


{#- A backslash escapes, and two quotes are the end of one literal and the start of the next. -#}
{% macro spark__literal(text) %}
    {{- return("cast(null as string)" if text is none else "'" ~ (text | string | replace('\\', '\\\\') | replace("'", "\\'")) ~ "'") -}}
{% endmacro %}


{#- Parquet tables know neither delete nor merge. -#}
{% macro spark__incremental_strategy() %}{{ return('insert_overwrite') }}{% endmacro %}


{#- What is replaced together is a partition. -#}
{% macro spark__replacing(keys) %}
    {{- return({'incremental_strategy': ml_monitor.incremental_strategy(), 'unique_key': keys, 'partition_by': keys}) -}}
{% endmacro %}


{#- Overwriting a partition drops all of its rows, also those that no new row replaces. -#}
{% macro spark__with_kept_rows(rows, columns, keys, replaced) %}{{ return(ml_monitor.rewritten_rows(rows, columns, keys, replaced)) }}{% endmacro %}


{#- dbt's dateadd() drops fractions of a second. -#}
{% macro spark__add_units(unit, number, moment) %}{{ return('timestampadd(' ~ unit ~ ', ' ~ number ~ ', ' ~ moment ~ ')') }}{% endmacro %}


{#- dbt's datediff() rounds hours up and lets weeks begin on Sunday. -#}
{% macro spark__units_between(first, second, unit) %}
    {{- return('timestampdiff(' ~ unit ~ ', ' ~ ml_monitor.start_of(unit, first) ~ ', ' ~ ml_monitor.start_of(unit, second) ~ ')') -}}
{% endmacro %}


{#- dbt's listagg() refuses an order here, and Spark has its own only since version 4. -#}
{% macro spark__listed(text, place) %}
    {{- return("array_join(transform(array_sort(collect_list(struct(" ~ place ~ " as place, " ~ text ~ " as text))), item -> item.text), ', ')") -}}
{% endmacro %}


{#- rtrim() takes its arguments in the other order. -#}
{% macro spark__trim_end(text, character) %}{{ return("trim(trailing '" ~ character ~ "' from " ~ text ~ ")") }}{% endmacro %}


{#- No information_schema: only the columns that are asked for. A column that the log has lost resolves to the outer row (see log_rows), where it has a type that no log
    column has; types are known without reading a row, and the left join keeps one row for an empty log. -#}
{% macro spark__log_column_types(log, columns) %}
    select column_name, case when data_type = 'struct<ml_monitor_absent:int>' then 'absent' else data_type end as data_type
    from (
        select inline(array(
            {%- for column in columns %}
            struct({{ ml_monitor.literal(column) }} as column_name, typeof(log_row.c{{ loop.index }}) as data_type){{ ',' if not loop.last }}
            {%- endfor %}
        ))
        from (
            select
                {%- for column in columns %}
                cast(null as struct<ml_monitor_absent: int>) as {{ ml_monitor.identifier(column) }}{{ ',' if not loop.last }}
                {%- endfor %}
        ) as absent_columns
        left join lateral (
            select
                {%- for column in columns %}
                {{ ml_monitor.identifier(column) }} as c{{ loop.index }}{{ ',' if not loop.last }}
                {%- endfor %}
            from {{ log }}
            where 1 = 0
        ) as log_row on true
    ) as typed
{%- endmacro %}


{% macro spark__knows_all_columns() %}{{ return(false) }}{% endmacro %}


{#- A CTE is copied to each of its readers, and what it reads with it. -#}
{% macro spark__repeats_ctes() %}{{ return(true) }}{% endmacro %}


{#- A correlated subquery may compare with `=` alone, and none may stand in a lambda: so the moment is sorted in among the beginnings. -#}
{% macro spark__chunks_begun(moment, chunks) %}
    {%- set begun = '(select collect_list(starts_at) from ' ~ chunks ~ ')' -%}
    {%- set moment = 'cast(' ~ moment ~ ' as timestamp)' -%}
    {%- set place = 'array_position(sort_array(array_append(' ~ begun ~ ', ' ~ moment ~ ')), ' ~ moment ~ ')' -%}
    {{- return('(' ~ place ~ ' - case when array_contains(' ~ begun ~ ', ' ~ moment ~ ') then 0 else 1 end)') -}}
{% endmacro %}


{% macro spark__numbered_chunk_start(number, chunks) %}
    {{- return('get(sort_array((select collect_list(starts_at) from ' ~ chunks ~ ')), cast(' ~ number ~ ' - 1 as int))') -}}
{% endmacro %}
