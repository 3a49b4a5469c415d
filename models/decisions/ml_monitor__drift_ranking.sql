{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Features in the order in which their drift goes with a worse model: correlation, over windows, of a feature's PSI with the realised error. It
    says where to look first, not what caused what. -#}

with

errors as (
    select monitor, window_start, span, case when metric = 'accuracy' then 1 - metric_value else metric_value end as error
    from {{ ref('ml_monitor__performance') }}
    where metric in ('accuracy', 'mae') and model_version = '__all__' and segment = '__all__'
),

drift as (
    select monitor, feature, window_start, span, psi
    from {{ ref('ml_monitor__drift_statistics') }}
    where baseline = 'reference' and model_version = '__all__' and segment = '__all__' and psi is not null
),

paired as (
    select drift.monitor, drift.feature, drift.span, drift.window_start, drift.psi, errors.error,
        avg(drift.psi) over (partition by drift.monitor, drift.feature, drift.span) as mean_psi,
        avg(errors.error) over (partition by drift.monitor, drift.feature, drift.span) as mean_error
    from drift
    inner join errors on errors.monitor = drift.monitor and errors.window_start = drift.window_start and errors.span = drift.span
),

correlated as (
    select monitor, feature, span, count(*) as n_windows,
        sum((psi - mean_psi) * (error - mean_error)) / nullif(sqrt(sum(power(psi - mean_psi, 2)) * sum(power(error - mean_error, 2))), 0) as correlation,
        {{ ml_monitor.arg_max('psi', 'window_start') }} as newest_psi
    from paired
    group by monitor, feature, span
),

final as (
    select monitor, feature, span, n_windows, correlation, newest_psi,
        row_number() over (partition by monitor, span order by case when correlation is null then 1 else 0 end, correlation desc, feature) as place
    from correlated
    where n_windows >= 7
)

select * from final
