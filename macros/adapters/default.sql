{#- One small macro per thing that warehouses write differently. Overrides stand in the file of the warehouse. -#}

{% macro type_double() %}{{ return(adapter.dispatch('type_double', 'ml_monitor')()) }}{% endmacro %}

{#- Not dbt.type_float(): that is four bytes in DuckDB. -#}
{% macro default__type_double() %}{{ return('double precision') }}{% endmacro %}


{% macro current_utc() %}{{ return(adapter.dispatch('current_utc', 'ml_monitor')()) }}{% endmacro %}

{% macro default__current_utc() %}{{ return("cast(current_timestamp at time zone 'UTC' as timestamp)") }}{% endmacro %}


{% macro to_number(expression) %}{{ return(adapter.dispatch('to_number', 'ml_monitor')(expression)) }}{% endmacro %}

{#- NULL for text that is no number, so that one bad value is a finding and not a failed run. -#}
{% macro default__to_number(expression) %}{{ return(dbt.safe_cast(expression, ml_monitor.type_double())) }}{% endmacro %}


{% macro quantile(expression, share, shares) %}{{ return(adapter.dispatch('quantile', 'ml_monitor')(expression, share, shares)) }}{% endmacro %}

{#- Linear interpolation (Hyndman-Fan type 7, the default of numpy). `shares`: all that the query asks of this expression. -#}
{% macro default__quantile(expression, share, shares) %}
    {{- return('percentile_cont(' ~ share ~ ') within group (order by ' ~ expression ~ ')') -}}
{% endmacro %}


{% macro arg_max(value, by) %}{{ return(adapter.dispatch('arg_max', 'ml_monitor')(value, by)) }}{% endmacro %}

{% macro default__arg_max(value, by) %}{{ return('max_by(' ~ value ~ ', ' ~ by ~ ')') }}{% endmacro %}


{% macro inline_cte() %}{{ return(adapter.dispatch('inline_cte', 'ml_monitor')()) }}{% endmacro %}

{% macro default__inline_cte() %}{{ return('') }}{% endmacro %}


{% macro computed_once() %}{{ return(adapter.dispatch('computed_once', 'ml_monitor')()) }}{% endmacro %}

{% macro default__computed_once() %}{{ return('') }}{% endmacro %}


{% macro literal(text) %}{{ return(adapter.dispatch('literal', 'ml_monitor')(text)) }}{% endmacro %}

{% macro default__literal(text) %}
    {{- return("cast(null as " ~ dbt.type_string() ~ ")" if text is none else "'" ~ (text | string | replace("'", "''")) ~ "'") -}}
{% endmacro %}


{% macro md5(expression) %}{{ return(dbt.hash(expression)) }}{% endmacro %}


{% macro columns_relation(log) %}{{ return(adapter.dispatch('columns_relation', 'ml_monitor')(log)) }}{% endmacro %}

{% macro default__columns_relation(log) %}{{ return('information_schema.columns') }}{% endmacro %}


{% macro column_names(relation) %}{{ return(adapter.dispatch('column_names', 'ml_monitor')(relation)) }}{% endmacro %}

{% macro default__column_names(relation) %}{{ return(adapter.get_columns_in_relation(relation) | map(attribute='name') | list) }}{% endmacro %}


{% macro incremental_strategy() %}{{ return(adapter.dispatch('incremental_strategy', 'ml_monitor')()) }}{% endmacro %}

{#- Windows are replaced whole: bins that vanished must go too, which a merge would leave behind. -#}
{% macro default__incremental_strategy() %}{{ return('delete+insert') }}{% endmacro %}


{% macro append_strategy() %}{{ return(adapter.dispatch('append_strategy', 'ml_monitor')()) }}{% endmacro %}

{% macro default__append_strategy() %}{{ return('append') }}{% endmacro %}


{#- Whether the rows of one monitor's window can be replaced without those of another monitor. -#}
{% macro replaces_groups() %}{{ return(adapter.dispatch('replaces_groups', 'ml_monitor')()) }}{% endmacro %}

{% macro default__replaces_groups() %}{{ return(true) }}{% endmacro %}


{% macro replacing(keys) %}{{ return(adapter.dispatch('replacing', 'ml_monitor')(keys)) }}{% endmacro %}

{% macro default__replacing(keys) %}
    {{- return({'incremental_strategy': ml_monitor.incremental_strategy(), 'unique_key': keys}) -}}
{% endmacro %}


{% macro with_kept_rows(rows, columns, keys, replaced) %}
    {{- return(adapter.dispatch('with_kept_rows', 'ml_monitor')(rows, columns, keys, replaced)) -}}
{% endmacro %}

{% macro default__with_kept_rows(rows, columns, keys, replaced) %}{{ return('select * from ' ~ rows) }}{% endmacro %}


{% macro identifier(name) %}{{ return(adapter.dispatch('identifier', 'ml_monitor')(name)) }}{% endmacro %}

{#- adapter.quote() does not escape: a quote inside a column name would end the identifier. -#}
{% macro default__identifier(name) %}
    {%- set mark = adapter.quote('x')[0] -%}
    {{- return(mark ~ (name | replace(mark, mark ~ mark)) ~ mark) -}}
{% endmacro %}


{% macro union_distinct() %}{{ return(adapter.dispatch('union_distinct', 'ml_monitor')()) }}{% endmacro %}

{% macro default__union_distinct() %}{{ return('union') }}{% endmacro %}


{% macro constant_rows(rows) %}{{ return(adapter.dispatch('constant_rows', 'ml_monitor')(rows)) }}{% endmacro %}

{#- Not a union of selects: a warehouse plans each of them, for seconds where there are hundreds. -#}
{% macro default__constant_rows(rows) %}
    {#- Where no monitor is declared yet, there are no rows: the model is disabled, but dbt reads it. #}
    {%- set columns = (rows[0] if rows else {}).keys() | join(', ') -%}
    select {{ columns }}
    from (
        values
        {%- for row in rows %}
        ({{ row.values() | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as constant_rows ({{ columns }})
{%- endmacro %}


{#- Where `values` is no relation. -#}
{% macro united_rows(rows) %}
    {%- for row in rows %}
    select {% for column, value in row.items() %}{{ value }} as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{#- The end of a select of literals that must give no row: some warehouses want a `from` before a `where`. -#}
{% macro no_rows() %}{{ return('from (select 1 as one) as no_rows where 1 = 0') }}{% endmacro %}


{% macro sql_header() %}{{ return(adapter.dispatch('sql_header', 'ml_monitor')()) }}{% endmacro %}

{#- What a warehouse must be told before it builds a table of this package. -#}
{% macro default__sql_header() %}{{ return(none) }}{% endmacro %}


{#- Time arithmetic goes through these three, because dbt's own macros count by other rules in some warehouses. -#}
{% macro start_of(unit, moment) %}{{ return(adapter.dispatch('start_of', 'ml_monitor')(unit, moment)) }}{% endmacro %}

{% macro default__start_of(unit, moment) %}{{ return(dbt.date_trunc(unit, moment)) }}{% endmacro %}


{% macro add_units(unit, number, moment) %}{{ return(adapter.dispatch('add_units', 'ml_monitor')(unit, number, moment)) }}{% endmacro %}

{% macro default__add_units(unit, number, moment) %}{{ return(dbt.dateadd(unit, number, moment)) }}{% endmacro %}


{% macro units_between(first, second, unit) %}{{ return(adapter.dispatch('units_between', 'ml_monitor')(first, second, unit)) }}{% endmacro %}

{#- In dbt's datediff() weeks begin on Sunday here and there: between Mondays the count is the same. -#}
{% macro default__units_between(first, second, unit) %}
    {%- if unit == 'week' -%}
    {{ return(dbt.datediff(ml_monitor.start_of(unit, first), ml_monitor.start_of(unit, second), unit)) }}
    {%- endif -%}
    {{ return(dbt.datediff(first, second, unit)) }}
{% endmacro %}


{% macro listed(text, place) %}{{ return(adapter.dispatch('listed', 'ml_monitor')(text, place)) }}{% endmacro %}

{% macro default__listed(text, place) %}{{ return(dbt.listagg(text, "', '", 'order by ' ~ place)) }}{% endmacro %}


{% macro trim_end(text, character) %}{{ return(adapter.dispatch('trim_end', 'ml_monitor')(text, character)) }}{% endmacro %}

{% macro default__trim_end(text, character) %}{{ return("rtrim(" ~ text ~ ", '" ~ character ~ "')") }}{% endmacro %}


{% macro log_column_types(log, columns) %}{{ return(adapter.dispatch('log_column_types', 'ml_monitor')(log, columns)) }}{% endmacro %}

{% macro default__log_column_types(log, columns) %}
    {#- Of the log only the name is used: these columns, and all others, are looked up in the catalogue. -#}
    {%- set is_log = 'catalogue.table_schema = ' ~ ml_monitor.literal(log.schema) ~ ' and catalogue.table_name = ' ~ ml_monitor.literal(log.identifier) -%}
    {%- set rows, names = [], [] %}
    {%- for column in columns %}{% do names.append(ml_monitor.literal(column)) %}{% do rows.append({'column_name': names[-1]}) %}{% endfor %}
    select declared.column_name, coalesce(max(lower(catalogue.data_type)), 'absent') as data_type
    from (
        {{ ml_monitor.constant_rows(rows) }}
    ) as declared
    left join {{ ml_monitor.columns_relation(log) }} as catalogue on {{ is_log }} and catalogue.column_name = declared.column_name
    group by declared.column_name
    union all
    select catalogue.column_name, max(lower(catalogue.data_type))
    from {{ ml_monitor.columns_relation(log) }} as catalogue
    where {{ is_log }} and catalogue.column_name not in ({{ names | join(', ') }})
    group by catalogue.column_name
{%- endmacro %}


{#- Whether that is all columns of the log. -#}
{% macro knows_all_columns() %}{{ return(adapter.dispatch('knows_all_columns', 'ml_monitor')()) }}{% endmacro %}

{% macro default__knows_all_columns() %}{{ return(true) }}{% endmacro %}


{#- The rows of a relation that has few, also where the warehouse would not guess so. -#}
{% macro few_rows(relation) %}{{ return(adapter.dispatch('few_rows', 'ml_monitor')(relation)) }}{% endmacro %}

{% macro default__few_rows(relation) %}select * from {{ relation }}{% endmacro %}


{#- True where a CTE is computed once per reader. -#}
{% macro repeats_ctes() %}{{ return(adapter.dispatch('repeats_ctes', 'ml_monitor')()) }}{% endmacro %}

{% macro default__repeats_ctes() %}{{ return(false) }}{% endmacro %}
