{% macro excluded_periods() %}
    {#- Periods that no reference and no learning may use, from the relation that `ml_monitor__excluded_periods` names (usually a seed):
        monitor (NULL for all of them), starts_at, ends_at (excluded), reason. -#}
    {%- set relation = var('ml_monitor__excluded_periods', none) -%}
    {%- if relation %}
        select cast(monitor as {{ dbt.type_string() }}) as monitor, cast(starts_at as timestamp) as starts_at, cast(ends_at as timestamp) as ends_at,
            cast(reason as {{ dbt.type_string() }}) as reason
        from {{ ml_monitor.monitor_relation(relation) }}
    {%- else %}
        select cast(null as {{ dbt.type_string() }}) as monitor, cast(null as timestamp) as starts_at, cast(null as timestamp) as ends_at,
            cast(null as {{ dbt.type_string() }}) as reason
        {{ ml_monitor.no_rows() }}
    {%- endif %}
{% endmacro %}


{% macro is_excluded(monitor, moment) %}
    {#- Condition that a moment lies in an excluded period; needs the CTE `excluded_periods`. -#}
    exists (
        select 1 from excluded_periods
        where (excluded_periods.monitor is null or excluded_periods.monitor = {{ monitor }})
            and excluded_periods.starts_at <= {{ moment }}
            and excluded_periods.ends_at > {{ moment }}
    )
{%- endmacro %}
