{% macro error_profiles() %}
    {#- CTE `error_profiles`: the error profiles of all monitors that declare one. -#}
    error_profiles as (
        {{ ml_monitor.union_declared('error_profile', 'error_profile', dict(
            {'monitor': 'text', 'half': 'text', 'feature': 'text', 'bin': 'bigint', 'bin_label': 'text'}, **dict.fromkeys(ml_monitor.error_sums(), 'double')
        )) }}
    )
{% endmacro %}


{% macro error_sums() %}
    {{ return(['n', 'error_sum', 'squared_error_sum', 'cost_sum', 'squared_cost_sum']) }}
{% endmacro %}
