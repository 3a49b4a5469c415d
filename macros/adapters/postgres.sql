{#- A CTE that is read twice is materialised: the wide rows of a big log would be copied before they are counted. -#}
{% macro postgres__inline_cte() %}{{ return('not materialized') }}{% endmacro %}


{#- What a CTE computes per row would be computed again by each aggregate that reads it. -#}
{% macro postgres__computed_once() %}{{ return('offset 0') }}{% endmacro %}


{#- No try_cast: text that does not look like a number becomes NULL, and so does one that no double can hold, which a cast refuses.
    Only numbers long enough to be one of those take the way by `numeric`. A boolean is 1 or 0, as in other warehouses. A column of
    numbers is not held against the patterns, which cost a hundred times the cast. -#}
{% macro postgres__to_number(expression) %}
    {%- set text = 'cast(' ~ expression ~ ' as text)' -%}
    {%- set exact = 'cast(' ~ text ~ ' as numeric)' -%}
    case
        when pg_typeof({{ expression }}) = any(cast('{double precision,real,bigint,integer,smallint}' as regtype[])) then
            case when abs(cast({{ text }} as double precision)) <= 1.7976931348623157e308 then cast({{ text }} as double precision) end
        when pg_typeof({{ expression }}) = cast('boolean' as regtype) then cast(cast({{ text }} = 'true' as integer) as double precision)
        when {{ text }} ~ '^\s*[+-]?(\d{1,200}(\.\d{0,90})?|\.\d{1,90})([eE][+-]?\d{1,2})?\s*$' then cast({{ text }} as double precision)
        when {{ text }} ~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*$' then
            case
                when abs({{ exact }}) > 1.7976931348623157e308 then null
                when abs({{ exact }}) < 5e-324 then 0
                else cast({{ exact }} as double precision)
            end
    end
{%- endmacro %}


{% macro postgres__arg_max(value, by) %}{{ return('(array_agg(' ~ value ~ ' order by ' ~ by ~ ' desc nulls last))[1]') }}{% endmacro %}


{#- PostgreSQL has no statistics of a CTE: it takes each for a handful of rows and joins them in nested loops, for hours where a hash join
    takes a second. And it takes these queries for dear ones and compiles them, which takes a minute where running them takes a second.
    The settings end with the transaction that builds the table. -#}
{% macro postgres__sql_header() %}{{ return('set local enable_nestloop = off; set local jit = off;') }}{% endmacro %}
