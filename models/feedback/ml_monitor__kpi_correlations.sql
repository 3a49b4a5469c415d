{{ config(materialized='table', enabled=ml_monitor.any_kpis(), sql_header=ml_monitor.sql_header()) }}

{#- How each business figure goes with each metric of the model, window by window, at once and some windows later. -#}

{%- set double = ml_monitor.type_double() %}

with

lags as (
    {%- for spec in ml_monitor.monitors() if spec.behaviour and spec.behaviour.kpis %}
    {%- set last_monitor = loop.last %}
    {%- for lag in range(spec.behaviour.lags + 1) %}
    select {{ ml_monitor.literal(spec.name) }} as monitor, cast({{ lag }} as integer) as lag
    {{ 'union all' if not (loop.last and last_monitor) }}
    {%- endfor %}
    {%- endfor %}
),

kpis as (
    select kpi_values.monitor, kpi_values.metric as kpi, windows.window_number, kpi_values.metric_value as y
    from {{ ref('ml_monitor__kpi_values') }} as kpi_values
    inner join {{ ref('ml_monitor__windows') }} as windows on windows.monitor = kpi_values.monitor and windows.window_start = kpi_values.window_start
    where kpi_values.span = 1 and kpi_values.metric_value is not null and not windows.is_excluded
),

model_metrics as (
    select metric_values.monitor, metric_values.family, metric_values.metric, metric_values.feature, windows.window_number, metric_values.metric_value as x
    from {{ ref('ml_monitor__metric_values') }} as metric_values
    inner join {{ ref('ml_monitor__windows') }} as windows on windows.monitor = metric_values.monitor and windows.window_start = metric_values.window_start
    where metric_values.span = 1 and metric_values.model_version = '__all__' and metric_values.segment = '__all__' and metric_values.metric_value is not null
        and metric_values.family in ('performance', 'behaviour', 'custom', 'drift') and not windows.is_excluded
        and (metric_values.family <> 'drift' or metric_values.metric = 'psi')
),

pairs as (
    select kpis.monitor, kpis.kpi, model_metrics.family, model_metrics.metric, model_metrics.feature, lags.lag, model_metrics.window_number, model_metrics.x, kpis.y,
        lag(model_metrics.x) over (partition by kpis.monitor, kpis.kpi, model_metrics.metric, model_metrics.feature, lags.lag order by model_metrics.window_number) as x_before,
        lag(kpis.y) over (partition by kpis.monitor, kpis.kpi, model_metrics.metric, model_metrics.feature, lags.lag order by model_metrics.window_number) as y_before
    from kpis
    inner join lags on lags.monitor = kpis.monitor
    inner join model_metrics on model_metrics.monitor = kpis.monitor and model_metrics.window_number = kpis.window_number - lags.lag and model_metrics.metric <> kpis.kpi
),

centred as (
    {#- around their means: sums of squares of large numbers would cancel #}
    select pairs.*, x - avg(x) over (partition by monitor, kpi, metric, feature, lag) as dx, y - avg(y) over (partition by monitor, kpi, metric, feature, lag) as dy,
        x_before - avg(x) over (partition by monitor, kpi, metric, feature, lag) as dx_before, y_before - avg(y) over (partition by monitor, kpi, metric, feature, lag) as dy_before
    from pairs
),

sums as (
    select monitor, kpi, family, metric, feature, lag, cast(count(*) as {{ double }}) as n, sum(dx * dx) as xx, sum(dy * dy) as yy, sum(dx * dy) as xy,
        coalesce(sum(dx * dx_before), 0) as xx_before, coalesce(sum(dy * dy_before), 0) as yy_before
    from centred
    group by monitor, kpi, family, metric, feature, lag
),

correlated as (
    select *, xy / sqrt(xx * yy) as correlation, (xx_before / xx) * (yy_before / yy) as memory
    from sums
    where n >= 3 and xx > 0 and yy > 0
),

effective as (
    {#- Series that remember hold less than n values (Bartlett 1935). #}
    select *, case when memory > 0.99e0 then n * 0.005e0 when memory <= 0 then n else n * (1 - memory) / (1 + memory) end as effective_size
    from correlated
),

bounds as (
    select *, {{ ml_monitor.fisher_z('correlation') }} as z, case when effective_size > 3.5 then 1.959963984540054e0 / sqrt(effective_size - 3) end as spread
    from effective
),

final as (
    select
        monitor,
        kpi,
        family,
        metric,
        feature,
        lag,
        cast(n as bigint) as sample_size,
        cast(effective_size as {{ double }}) as effective_size,
        cast(correlation as {{ double }}) as correlation,
        cast((exp(2 * (z - spread)) - 1) / (exp(2 * (z - spread)) + 1) as {{ double }}) as lower_bound,
        cast((exp(2 * (z + spread)) - 1) / (exp(2 * (z + spread)) + 1) as {{ double }}) as upper_bound
    from bounds
)

select * from final
