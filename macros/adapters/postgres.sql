{#- A CTE that is read twice is materialised: the wide rows of a big log would be copied before they are counted. -#}
{% macro postgres__inline_cte() %}{{ return('not materialized') }}{% endmacro %}


{#- PostgreSQL has no try_cast before pg_input_is_valid (16): text that does not look like a number becomes NULL. -#}
{% macro postgres__to_number(expression) %}
    {{- return("case when cast(" ~ expression ~ " as text) ~ '^\\s*([+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?|[+-]?inf(inity)?|nan)\\s*$'"
        ~ " or lower(cast(" ~ expression ~ " as text)) in ('nan', 'infinity', '-infinity') then cast(cast(" ~ expression ~ " as text) as double precision) end") -}}
{% endmacro %}


{% macro postgres__arg_max(value, by) %}{{ return('(array_agg(' ~ value ~ ' order by ' ~ by ~ ' desc nulls last))[1]') }}{% endmacro %}


{#- PostgreSQL has no statistics of a CTE: it takes each for a handful of rows and joins them in nested loops, for hours where a hash join
    takes a second. And it takes these queries for dear ones and compiles them, which takes a minute where running them takes a second.
    The settings end with the transaction that builds the table. -#}
{% macro postgres__sql_header() %}{{ return('set local enable_nestloop = off; set local jit = off;') }}{% endmacro %}
