{% macro log_rows(relation, required, optional, types={}) %}{{ return(adapter.dispatch('log_rows', 'ml_monitor')(relation, required, optional, types)) }}{% endmacro %}


{% macro default__log_rows(relation, required, optional, types={}) %}
    {#- Named columns of a log, as `alias` -> column. An optional column that the log has lost reads as NULL instead of breaking the
        run: inside the lateral subquery its name then resolves to the outer, all-NULL row. That is plain SQL scoping, so
        no catalogue has to be asked while compiling; the loss itself is reported by the schema check. -#}
    select
        {%- for alias in required.keys() | list + optional.keys() | list %}
        log_row.{{ alias }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            {%- for column in optional.values() | unique %}
            cast(null as {{ types.get(column, dbt.type_string()) }}) as {{ ml_monitor.identifier(column) }},
            {%- endfor %}
            1 as absent
    ) as absent_columns
    cross join lateral (
        select
            {%- for alias, column in required.items() %}
            {{ ml_monitor.identifier(column) if column else "'unversioned'" }} as {{ alias }}{{ ',' if optional or not loop.last }}
            {%- endfor %}
            {%- for alias, column in optional.items() %}
            {{ ml_monitor.identifier(column) }} as {{ alias }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
    ) as log_row
{% endmacro %}


{% macro plain_log_rows(relation, required, optional) %}
    select
        {%- for alias, column in dict(required, **optional).items() %}
        {{ ml_monitor.identifier(column) if column else "'unversioned'" }} as {{ alias }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
{% endmacro %}
