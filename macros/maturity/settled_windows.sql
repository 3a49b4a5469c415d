{% macro settled_windows(performance) %}
    {#- Of each monitor and span the newest window of `performance` whose labels are in. -#}
    select
        monitor,
        span,
        max(window_start) as window_start
    from {{ performance }}
    where is_settled
    group by monitor, span
{%- endmacro %}
