{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- The label triangle: every prediction window at every label age that it has reached. -#}

with

{{ ml_monitor.label_triangle() }},

final as (
    select
        triangle.monitor,
        windows.window_start,
        windows.window_end,
        triangle.label_age,
        triangle.label_age = triangle.newest_age as is_newest,
        cast(triangle.n_predictions as bigint) as n_predictions,
        cast(triangle.n_restated as bigint) as n_restated,
        1e0 * triangle.n_labels / triangle.n_predictions as label_coverage,
        {%- for name in ml_monitor.label_measures() %}
        triangle.{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from triangle
    inner join {{ ref('ml_monitor__windows') }} as windows
        on windows.monitor = triangle.monitor
        and windows.window_number = triangle.window_number
)

select * from final
