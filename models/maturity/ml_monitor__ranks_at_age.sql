{{ config(**dict(ml_monitor.metric_config(), enabled='binary' in ml_monitor.declared_tasks())) }}

{#- How well scores rank at each age at which labels came to a window. A table, for a window whose labels are in is not ranked again. -#}

with

scored_profiles as {{ ml_monitor.inline_cte() }} (
    select monitor, window_number, {{ ml_monitor.counted_age() }} as label_age, score, label, n, sum_score, updated_at
    from {{ ref('ml_monitor__outcome_profiles') }}
    where segment = '__all__' and outcome = 'labelled' and score is not null and label is not null
),

{{ ml_monitor.stale_windows('scored_profiles', '1') }},

{{ ml_monitor.age_ranks() }},

final as (
    select
        cells.monitor,
        stale_windows.window_start,
        cells.label_age,
        {%- for column in ml_monitor.age_ranks_needed() %}
        cast(rank_statistics.{{ column }} as {{ ml_monitor.type_double() }}) as {{ column }},
        {%- endfor %}
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from rank_statistics
    inner join cells on cells.cell = rank_statistics.cell
    inner join stale_windows
        on stale_windows.monitor = cells.monitor
        and stale_windows.window_number = rank_statistics.window_number
)

select * from final
