{% macro settled_windows() %}
    {#- Of each monitor and span the newest window whose labels are in. -#}
    select
        monitor,
        span,
        max(window_start) as window_start
    from {{ ref('ml_monitor__rpt_performance') }}
    where is_settled
    group by monitor, span
{%- endmacro %}
