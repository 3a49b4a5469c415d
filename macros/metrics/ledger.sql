{% macro ledger(columns, enabled=true) %}
    {#- A table that Python writes: created here once with its types, never rebuilt, always empty as far as dbt is concerned. -#}
    {{ config(
        enabled=ml_monitor.any_monitors() and enabled,
        materialized='incremental',
        incremental_strategy=ml_monitor.append_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['ml_monitor_ledger'],
    ) }}
    {%- set types = ml_monitor.ledger_types() %}
    select
        {%- for column, type in columns.items() %}
        cast(null as {{ types[type] }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    {{ ml_monitor.no_rows() }}
{% endmacro %}


{% macro ledger_types() %}
    {#- Types of a ledger's columns, by the names that models give them. -#}
    {{ return({'text': dbt.type_string(), 'timestamp': 'timestamp', 'integer': 'integer', 'bigint': 'bigint', 'double': ml_monitor.type_double(), 'boolean': 'boolean'}) }}
{% endmacro %}
