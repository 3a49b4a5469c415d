{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

monitors as (
    select
        monitor,
        task
    from {{ ref('ml_monitor__monitors') }}
),

comparisons as (
    select
        *,
        1e0 * (only_challenger_right - only_champion_right) / sample_size as accuracy_difference,
        sqrt(only_challenger_right + only_champion_right - power(1e0 * only_challenger_right - only_champion_right, 2) / sample_size) / sample_size as accuracy_error
    from {{ ref('ml_monitor__model_comparisons') }}
    where sample_size > 0 and not ({{ ml_monitor.is_small_cell('sample_size') }})
),

measured as (
    select
        comparisons.monitor,
        comparisons.champion,
        comparisons.challenger,
        case when monitors.task = 'regression' then 'mae' else 'brier' end as metric,
        comparisons.champion_loss as champion_value,
        comparisons.challenger_loss as challenger_value,
        comparisons.loss_difference as difference,
        comparisons.loss_error as standard_error,
        comparisons.loss_p_value as p_value
    from comparisons
    inner join monitors
        on monitors.monitor = comparisons.monitor
    {#- The loss of many classes is the share of wrong ones, which accuracy below says. #}
    where monitors.task <> 'multiclass'
    union all
    select
        monitor,
        champion,
        challenger,
        'roc_auc',
        champion_roc_auc,
        challenger_roc_auc,
        roc_auc_difference,
        roc_auc_error,
        roc_auc_p_value
    from comparisons
    union all
    select
        monitor,
        champion,
        challenger,
        'accuracy',
        null,
        null,
        accuracy_difference,
        accuracy_error,
        mcnemar_p_value
    from comparisons
),

final as (
    select
        measured.monitor,
        measured.champion,
        measured.challenger,
        measured.metric,
        cast(measured.champion_value as {{ ml_monitor.type_double() }}) as champion_value,
        cast(measured.challenger_value as {{ ml_monitor.type_double() }}) as challenger_value,
        cast(measured.difference as {{ ml_monitor.type_double() }}) as difference,
        cast(measured.difference - 1.959963984540054e0 * measured.standard_error as {{ ml_monitor.type_double() }}) as lower_bound,
        cast(measured.difference + 1.959963984540054e0 * measured.standard_error as {{ ml_monitor.type_double() }}) as upper_bound,
        cast(measured.p_value as {{ ml_monitor.type_double() }}) as p_value,
        comparisons.sample_size,
        comparisons.only_champion_right,
        comparisons.only_challenger_right,
        comparisons.first_predicted_at,
        comparisons.last_predicted_at
    from measured
    inner join comparisons
        on comparisons.monitor = measured.monitor
        and comparisons.champion = measured.champion
        and comparisons.challenger = measured.challenger
    where measured.difference is not null
)

select * from final
