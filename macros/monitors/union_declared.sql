{% macro union_declared(key, kind, columns) %}
    {#- The optional models of one kind, of the monitors that declare `key`, as one relation; without any, an empty one with the same columns. -#}
    {%- set types = {'text': dbt.type_string(), 'timestamp': 'timestamp', 'bigint': 'bigint', 'double': ml_monitor.type_double(), 'boolean': 'boolean'} %}
    {%- for spec in ml_monitor.monitors() if spec[key] %}
    select
        {%- for column, type in columns.items() %}
        cast({{ column }} as {{ types[type] }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(project_name, spec.name ~ '__' ~ kind) }}
    union all
    {%- endfor %}
    select
        {%- for column, type in columns.items() %}
        cast(null as {{ types[type] }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    {{ ml_monitor.no_rows() }}
{% endmacro %}
