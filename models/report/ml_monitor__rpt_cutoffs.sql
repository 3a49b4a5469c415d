{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

outcome_profiles as (
    select
        monitor,
        window_number,
        case when outcome = 'class_score' then predicted_class else '__all__' end as class,
        floor(score * 100 + 1e-9) / 100 as cutoff,
        case when outcome = 'class_score' then n_scored else n end as n,
        case when outcome = 'class_score' then actual_class is not null else label = 1 end as is_positive
    from {{ ref('ml_monitor__outcome_profiles') }}
    where segment = '__all__' and score is not null and (outcome = 'class_score' or (outcome = 'labelled' and label is not null))
),

latest_windows as (
    select
        monitor,
        max(window_number) as window_number
    from outcome_profiles
    group by monitor
),

counts as (
    select
        outcome_profiles.monitor,
        outcome_profiles.class,
        outcome_profiles.cutoff,
        cast(sum(case when outcome_profiles.is_positive then outcome_profiles.n else 0 end) as {{ ml_monitor.type_double() }}) as positives,
        cast(sum(case when outcome_profiles.is_positive then 0 else outcome_profiles.n end) as {{ ml_monitor.type_double() }}) as negatives
    from outcome_profiles
    inner join latest_windows
        on latest_windows.monitor = outcome_profiles.monitor
        and outcome_profiles.window_number > latest_windows.window_number - 30
    group by outcome_profiles.monitor, outcome_profiles.class, outcome_profiles.cutoff
),

cumulated as (
    select
        monitor,
        class,
        cutoff,
        positives + negatives as n,
        sum(positives) over (partition by monitor, class order by cutoff desc rows between unbounded preceding and current row) as true_positives,
        sum(negatives) over (partition by monitor, class order by cutoff desc rows between unbounded preceding and current row) as false_positives,
        sum(positives) over (partition by monitor, class) as all_positives,
        sum(negatives) over (partition by monitor, class) as all_negatives
    from counts
),

final as (
    select
        monitor,
        class,
        dense_rank() over (partition by monitor order by all_positives desc, class) as class_rank,
        cutoff,
        true_positives,
        false_positives,
        all_positives - true_positives as false_negatives,
        all_negatives - false_positives as true_negatives,
        true_positives / nullif(all_positives, 0) as recall,
        false_positives / nullif(all_negatives, 0) as false_positive_rate,
        true_positives / (true_positives + false_positives) as precision_at_cutoff
    from cumulated
    where not ({{ ml_monitor.is_small_cell('n') }})
)

select * from final
