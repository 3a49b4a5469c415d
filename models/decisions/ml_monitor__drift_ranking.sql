{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Features in the order in which their drift goes with a worse model: correlation, over windows, of a feature's PSI with the realised error; and by
    what their drift is expected to cost. It says where to look first, not what caused what. -#}

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

{%- if ml_monitor.any_declared('error_profile') %}

newest_damages as (
    select monitor, feature, span, metric, metric_value, lower_bound, upper_bound,
        row_number() over (partition by monitor, feature, span, metric order by window_start desc) as recency
    from {{ ref('ml_monitor__expected_damage') }}
),

damages as (
    select monitor, feature, span,
        max(case when metric = 'expected_damage' then metric_value end) as expected_damage,
        max(case when metric = 'expected_damage' then lower_bound end) as damage_lower_bound,
        max(case when metric = 'expected_damage' then upper_bound end) as damage_upper_bound,
        max(case when metric = 'expected_cost_change' then metric_value end) as expected_cost_change
    from newest_damages
    where recency = 1
    group by monitor, feature, span
),
{%- else %}

damages as (
    select cast(null as {{ dbt.type_string() }}) as monitor, cast(null as {{ dbt.type_string() }}) as feature, cast(null as integer) as span,
        {%- for column in ['expected_damage', 'damage_lower_bound', 'damage_upper_bound', 'expected_cost_change'] %}
        cast(null as {{ ml_monitor.type_double() }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    {{ ml_monitor.no_rows() }}
),
{%- endif %}

ranked as (
    select coalesce(correlated.monitor, damages.monitor) as monitor, coalesce(correlated.feature, damages.feature) as feature,
        coalesce(correlated.span, damages.span) as span, coalesce(correlated.n_windows, 0) as n_windows, correlated.correlation, correlated.newest_psi,
        damages.expected_damage, damages.damage_lower_bound, damages.damage_upper_bound, damages.expected_cost_change
    from (select * from correlated where n_windows >= 7) as correlated
    full outer join damages
        on damages.monitor = correlated.monitor and damages.feature = correlated.feature and damages.span = correlated.span
),

final as (
    select monitor, feature, span, n_windows, correlation, newest_psi, expected_damage, damage_lower_bound, damage_upper_bound, expected_cost_change,
        {%- for place, value in {'place': 'correlation', 'damage_place': 'expected_damage'}.items() %}
        row_number() over (partition by monitor, span order by case when {{ value }} is null then 1 else 0 end, {{ value }} desc, feature) as {{ place }}{{ ',' if not loop.last }}
        {%- endfor %}
    from ranked
)

select * from final
