{#- Compiled and parsed in the tests, never run. What is not here is PostgreSQL's, which dbt takes Redshift for. -#}

{% macro redshift__inline_cte() %}{{ return('') }}{% endmacro %}

{% macro redshift__computed_once() %}{{ return('') }}{% endmacro %}


{% macro redshift__constant_rows(rows) %}{{ return(ml_monitor.united_rows(rows)) }}{% endmacro %}


{% macro redshift__sql_header() %}{{ return(none) }}{% endmacro %}


{#- The cluster's clock is UTC. -#}
{% macro redshift__current_utc() %}{{ return('cast(getdate() as timestamp)') }}{% endmacro %}


{% macro redshift__to_number(expression) %}{{ return('try_cast(' ~ expression ~ ' as double precision)') }}{% endmacro %}


{#- A backslash escapes. -#}
{% macro redshift__literal(text) %}
    {{- return("cast(null as varchar)" if text is none else "'" ~ (text | string | replace('\\', '\\\\') | replace("'", "''")) ~ "'") -}}
{% endmacro %}


{#- No max_by() and no arrays: the largest text of `by` and value. For `by` from 0 to 1, which is all that the package asks. -#}
{% macro redshift__arg_max(value, by) %}
    {{- return("cast(split_part(max(to_char(" ~ by ~ ", 'FM0.000000000000000') || '|' || cast(" ~ value ~ " as varchar)), '|', 2) as integer)") -}}
{% endmacro %}


{#- Weeks begin on Sunday in datediff(), on Monday in date_trunc(). -#}
{% macro redshift__units_between(first, second, unit) %}
    {%- if unit == 'week' -%}
    {{ return('datediff(day, ' ~ ml_monitor.start_of('week', first) ~ ', ' ~ ml_monitor.start_of('week', second) ~ ') / 7') }}
    {%- endif -%}
    {{ return(dbt.datediff(first, second, unit)) }}
{% endmacro %}


{#- No lateral subquery: a column that the log has lost fails the run. -#}
{% macro redshift__log_rows(relation, required, optional, types={}) %}{{ return(ml_monitor.plain_log_rows(relation, required, optional)) }}{% endmacro %}


{#- The catalogue lives on the leader node and cannot be joined with tables: no schema check. -#}
{% macro redshift__log_column_types(log, columns) %}
    {%- for column in columns %}
    select cast({{ ml_monitor.literal(column) }} as varchar) as column_name, cast('unknown' as varchar) as data_type {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro redshift__knows_all_columns() %}{{ return(false) }}{% endmacro %}


{#- Quantiles of one query must all sort by the same column. -#}
{% macro redshift__reference_summary(spec, rows) %}
    select *
    from (select count(*) as n_rows from {{ rows }}) as counted
    {%- for variable in spec.variables if variable.type == 'numeric' %}
    cross join (
        select
            {{- ml_monitor.summary_columns(spec, variable) }}
        from {{ rows }}
    ) as summary_{{ loop.index }}
    {%- endfor %}
{%- endmacro %}
