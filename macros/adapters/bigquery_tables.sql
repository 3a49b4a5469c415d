{#- BigQuery has no delete+insert and no append: what is replaced is a partition, and an hour holds at most one window. -#}

{% macro bigquery__append_strategy() %}{{ return('merge') }}{% endmacro %}


{#- Without a window nothing is ever replaced (see `reference`), and a merge without a key only inserts. -#}
{% macro bigquery__replacing(keys) %}
    {%- if 'window_start' not in keys -%}
    {{ return({'incremental_strategy': 'merge'}) }}
    {%- endif -%}
    {{ return({
        'incremental_strategy': 'insert_overwrite',
        'partition_by': {'field': 'window_start', 'data_type': 'timestamp', 'granularity': 'hour'},
    }) }}
{% endmacro %}


{#- A partition holds the window of every monitor, so the metric tables are built whole, from the profiles. -#}
{% macro bigquery__replaces_groups() %}{{ return(false) }}{% endmacro %}


{% macro bigquery__with_kept_rows(rows, columns, keys, replaced) %}
    {{- return(ml_monitor.rewritten_rows(rows, columns, keys, ['window_start'])) -}}
{% endmacro %}


{#- No lateral subquery: a column that the log has lost fails the run. -#}
{% macro bigquery__log_rows(relation, required, optional, types={}) %}{{ return(ml_monitor.plain_log_rows(relation, required, optional)) }}{% endmacro %}


{#- Every dataset has its own. -#}
{% macro bigquery__columns_relation(log) %}{{ return(log.include(identifier=false) ~ '.INFORMATION_SCHEMA.COLUMNS') }}{% endmacro %}
