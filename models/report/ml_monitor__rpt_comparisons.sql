{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

{#- The loss of many classes is the share of wrong ones, which accuracy says. #}
compared as (
    {{ ml_monitor.compared_metrics(ref('ml_monitor__model_comparisons'), ref('ml_monitor__monitors')) }}
),

final as (
    select
        monitor,
        champion,
        challenger,
        metric,
        champion_value,
        challenger_value,
        difference,
        lower_bound,
        upper_bound,
        p_value,
        sample_size,
        only_champion_right,
        only_challenger_right,
        first_predicted_at,
        last_predicted_at
    from compared
    where not ({{ ml_monitor.is_small_cell('sample_size') }})
)

select * from final
