{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- What each cut-off of the score would cost, expected from calibrated scores before any label is there, on the newest windows and on the
    windows of the calibration. A cut-off predicts positive from there on. Only monitors that declare `costs`. -#}

with

{{ ml_monitor.current_calibrations() }},

costs as (
    select monitor, longest_span, cost_tp, cost_fp, cost_fn, cost_tn from {{ ref('ml_monitor__monitors') }} where cost_tp is not null
),

newest as (
    select profiles.monitor, max(profiles.window_number) as last_number
    from {{ ref('ml_monitor__outcome_profiles') }} as profiles
    inner join costs on costs.monitor = profiles.monitor
    where profiles.segment = '__all__' and profiles.outcome in ('labelled', 'unlabelled')
    group by profiles.monitor
),

profile_counts as (
    select profiles.monitor, profiles.model_version, profiles.score, sum(profiles.n) as n
    from {{ ref('ml_monitor__outcome_profiles') }} as profiles
    inner join costs on costs.monitor = profiles.monitor
    inner join newest on newest.monitor = profiles.monitor and profiles.window_number > newest.last_number - costs.longest_span
    where profiles.segment = '__all__' and profiles.outcome in ('labelled', 'unlabelled') and profiles.score is not null
    group by profiles.monitor, profiles.model_version, profiles.score
),

{{ ml_monitor.calibrated_scores() }},

score_values as (
    select 'newest' as population, counts.monitor, counts.model_version, counts.score, cast(counts.n as {{ ml_monitor.type_double() }}) as n, scores.value
    from profile_counts as counts
    inner join calibrated_scores as scores
        on scores.monitor = counts.monitor and scores.model_version = counts.model_version and scores.score = counts.score
    union all
    select 'calibration', calibrations.monitor, calibrations.model_version, calibrations.mean_score, calibrations.n, calibrations.value
    from calibrations
    inner join costs on costs.monitor = calibrations.monitor
),

{{ ml_monitor.cost_curve() }}

select * from cost_curve
