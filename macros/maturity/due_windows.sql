{% macro due_windows() %}
    {#- Query: the windows whose labels are due. -#}
    select windows.monitor, windows.window_number, windows.window_start, windows.window_end
    from (
        select monitor, window_number, window_start, window_end, max(window_number) over (partition by monitor) as last_number from {{ ref('ml_monitor__windows') }}
    ) as windows
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = windows.monitor
    where windows.window_number <= windows.last_number - monitors.label_delay
{%- endmacro %}
