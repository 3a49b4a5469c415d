{#- Where the salt of category hashes stands: in a setting of the session, which the profile (DuckDB) or the environment (PostgreSQL) makes. In the SQL it
    would be kept by every compiled file, manifest and query log. -#}

{% macro duckdb__hashed(expression, column) %}
    {%- set salt = "cast(getvariable('ml_monitor_salt') as varchar)" -%}
    {{- return("case when coalesce(length(" ~ salt ~ "), 0) < 16 then error('ml_monitor: the salt of hash_categories is not set or shorter than 16 characters (docs/privacy.md)') "
        ~ "else 'h' || left(sha256(" ~ salt ~ " || '|' || " ~ ml_monitor.literal(column) ~ " || '|' || " ~ expression ~ "), 16) end") -}}
{% endmacro %}


{#- The second setting exists nowhere: asking for it is how a statement fails while it runs, and not while it is planned. -#}
{% macro postgres__hashed(expression, column) %}
    {%- set salt = "current_setting('ml_monitor.salt')" -%}
    {{- return("case when length(" ~ salt ~ ") < 16 then current_setting('ml_monitor.salt_is_shorter_than_16_characters') "
        ~ "else 'h' || left(encode(sha256(convert_to(" ~ salt ~ " || '|' || " ~ ml_monitor.literal(column) ~ " || '|' || " ~ expression ~ ", 'UTF8')), 'hex'), 16) end") -}}
{% endmacro %}
