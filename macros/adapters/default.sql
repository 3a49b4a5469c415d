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


{% macro literal(text) %}{{ return(adapter.dispatch('literal', 'ml_monitor')(text)) }}{% endmacro %}

{% macro default__literal(text) %}
    {{- return("cast(null as " ~ dbt.type_string() ~ ")" if text is none else "'" ~ (text | string | replace("'", "''")) ~ "'") -}}
{% endmacro %}


{% macro md5(expression) %}{{ return(dbt.hash(expression)) }}{% endmacro %}


{% macro columns_relation() %}{{ return(adapter.dispatch('columns_relation', 'ml_monitor')()) }}{% endmacro %}

{% macro default__columns_relation() %}{{ return('information_schema.columns') }}{% endmacro %}


{% macro incremental_strategy() %}{{ return(adapter.dispatch('incremental_strategy', 'ml_monitor')()) }}{% endmacro %}

{#- Windows are replaced whole: bins that vanished must go too, which a merge would leave behind. -#}
{% macro default__incremental_strategy() %}{{ return('delete+insert') }}{% endmacro %}


{% macro identifier(name) %}
    {#- adapter.quote() does not escape: a quote inside a column name would end the identifier. -#}
    {%- set mark = adapter.quote('x')[0] -%}
    {{- return(mark ~ (name | replace(mark, mark ~ mark)) ~ mark) -}}
{% endmacro %}


{% macro sql_header() %}{{ return(adapter.dispatch('sql_header', 'ml_monitor')()) }}{% endmacro %}

{#- What a warehouse must be told before it builds a table of this package. -#}
{% macro default__sql_header() %}{{ return(none) }}{% endmacro %}
