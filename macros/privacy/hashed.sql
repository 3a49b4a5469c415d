{% macro hashed(expression, column) %}{{ return(adapter.dispatch('hashed', 'ml_monitor')(expression, column)) }}{% endmacro %}


{% macro default__hashed(expression, column) %}
    {#- Compiled SQL is kept in files, so a salt must not stand in it: only where the session can hold one is there a keyed hash. -#}
    {{ exceptions.raise_compiler_error(
        "ml_monitor: privacy.hash_categories has no keyed hash for " ~ target.type ~ ". Allowed: duckdb, postgres, or a macro "
        ~ target.type ~ "__hashed(expression, column) of your own (docs/privacy.md)"
    ) }}
{% endmacro %}


{% macro category_value(spec, column, alias) %}
    {#- A value of a category as it is kept: as text, or as its keyed hash. A missing value stays missing. -#}
    {%- set text = 'cast(' ~ alias ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {{- return(ml_monitor.hashed(text, column) if spec.privacy.hash_categories else text) -}}
{% endmacro %}


{% macro declared_segment_value(spec, segment, declared) %}
    {#- A segment value that the configuration names, as the profiles have it; of crossed columns each part by itself. -#}
    {%- set columns = spec.segment_columns[segment] -%}
    {%- set values = declared.split(' x ') if columns | length > 1 else [declared] -%}
    {%- if not spec.privacy.hash_categories or values | length != columns | length or declared in ['__other__', '__missing__'] -%}
        {{- return(ml_monitor.literal(declared)) -}}
    {%- endif -%}
    {%- set parts = [] -%}
    {%- for value in values -%}
        {%- do parts.append(ml_monitor.hashed(ml_monitor.literal(value), columns[loop.index0])) -%}
    {%- endfor -%}
    {{- return(parts | join(" || ' x ' || ")) -}}
{% endmacro %}
