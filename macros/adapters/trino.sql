{#- Compiled and parsed in the tests, never run. -#}

{#- No exact quantile: the edges of the bins are approximate, and frozen like any. -#}
{% macro trino__quantile(expression, share, shares) %}{{ return('approx_percentile(' ~ expression ~ ', ' ~ share ~ ')') }}{% endmacro %}


{#- A CTE is planned once per reader. -#}
{% macro trino__repeats_ctes() %}{{ return(true) }}{% endmacro %}


{#- dbt's datediff() gives decimals for some units. -#}
{% macro trino__units_between(first, second, unit) %}
    {{- return("date_diff('" ~ unit ~ "', " ~ ml_monitor.start_of(unit, first) ~ ', ' ~ ml_monitor.start_of(unit, second) ~ ')') -}}
{% endmacro %}


{#- rtrim() takes blanks only. -#}
{% macro trino__trim_end(text, character) %}{{ return("trim(trailing '" ~ character ~ "' from " ~ text ~ ")") }}{% endmacro %}


{#- Every catalogue has its own. -#}
{% macro trino__columns_relation(log) %}{{ return(log.include(schema=false, identifier=false) ~ '.information_schema.columns') }}{% endmacro %}


{#- A correlated subquery may compare with `=` alone. -#}
{% macro trino__chunks_begun(moment, chunks) %}
    {{- return('cardinality(filter((select array_agg(starts_at) from ' ~ chunks ~ '), begun -> begun <= ' ~ moment ~ '))') -}}
{% endmacro %}


{% macro trino__numbered_chunk_start(number, chunks) %}
    {{- return('element_at(array_sort((select array_agg(starts_at) from ' ~ chunks ~ ')), ' ~ number ~ ')') -}}
{% endmacro %}
