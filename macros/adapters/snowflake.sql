{#- Compiled and parsed in the tests, never run. -#}

{#- No `at time zone`; sysdate() is UTC. -#}
{% macro snowflake__current_utc() %}{{ return('sysdate()') }}{% endmacro %}


{#- try_cast takes text only. -#}
{% macro snowflake__to_number(expression) %}{{ return('try_to_double(to_varchar(' ~ expression ~ '))') }}{% endmacro %}


{#- A backslash escapes. -#}
{% macro snowflake__literal(text) %}
    {{- return("cast(null as varchar)" if text is none else "'" ~ (text | string | replace('\\', '\\\\') | replace("'", "''")) ~ "'") -}}
{% endmacro %}


{#- Names are stored in capitals unless they were quoted when the table was made: a plain lower-case name means such a column. -#}
{% macro snowflake__identifier(name) %}
    {{- return(name if modules.re.match('^[a-z_][a-z0-9_]*$', name) else ml_monitor.default__identifier(name)) -}}
{% endmacro %}


{% macro snowflake__column_names(relation) %}
    {%- set names = [] -%}
    {%- for name in ml_monitor.default__column_names(relation) -%}{%- do names.append(name | lower if name == name | upper else name) -%}{%- endfor -%}
    {{ return(names) }}
{% endmacro %}


{#- Names as `snowflake__identifier` writes them. -#}
{% macro snowflake__columns_relation(log) %}
    {%- set names = [] -%}
    {%- for column, own in {'table_schema': log.schema, 'table_name': log.identifier}.items() -%}
        {%- do names.append('case when lower(' ~ column ~ ') = ' ~ ml_monitor.literal(own | lower) ~ ' then ' ~ ml_monitor.literal(own) ~ ' end as ' ~ column) -%}
    {%- endfor -%}
    {{- return('(select ' ~ names | join(', ') ~ ', case when column_name = upper(column_name) then lower(column_name) else column_name end as column_name, data_type from '
        ~ log.include(schema=false, identifier=false) ~ '.information_schema.columns)') -}}
{% endmacro %}
