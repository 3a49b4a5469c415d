{% macro duckdb__type_double() %}{{ return('double') }}{% endmacro %}


{#- One list holds all quantiles, so DuckDB sorts and keeps the column once instead of once per quantile. -#}
{% macro duckdb__quantile(expression, share, shares) %}
    {{- return('quantile_cont(' ~ expression ~ ', [' ~ shares | join(', ') ~ '])[' ~ (shares.index(share) + 1) ~ ']') -}}
{% endmacro %}


{#- DuckDB materialises CTEs by default: the wide rows of a big log would be copied before they are counted. -#}
{% macro duckdb__inline_cte() %}{{ return('not materialized') }}{% endmacro %}


{#- DuckDB takes half the log for the number of its days, and would rather hash every row of the log, all columns, than the days. Of a list it
    expects little. -#}
{% macro duckdb__few_rows(relation) %}select unnest(list(few), recursive := true) from {{ relation }} as few{% endmacro %}


{#- Its catalogue lists the tables of all attached databases. -#}
{% macro duckdb__columns_relation(log) %}
    {{- return('(select * from information_schema.columns where table_catalog = ' ~ ml_monitor.literal(log.database) ~ ')') -}}
{% endmacro %}


{#- dbt's safe_cast is a plain cast in DuckDB: one text value would fail the run. -#}
{% macro duckdb__to_number(expression) %}{{ return('try_cast(' ~ expression ~ ' as double)') }}{% endmacro %}
