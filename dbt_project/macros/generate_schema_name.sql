{% macro generate_schema_name(custom_schema_name, node) %}
    {#- The tables that BI tools read live in `ml_monitor`, not in `<target schema>_ml_monitor`. -#}
    {{ return((custom_schema_name or target.schema) | trim) }}
{% endmacro %}
