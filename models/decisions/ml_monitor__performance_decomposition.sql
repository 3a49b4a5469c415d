{{ config(materialized='table', enabled=ml_monitor.any_monitors(), sql_header=ml_monitor.sql_header()) }}

{#- Why a mean changed against the windows just before (Kitagawa 1955): other shares of the segments (mix) or another value within them (rate). The two
    add up over the segment's values to the change, exactly. A table, for the metric values are read many times. -#}

with

rates as (
    {{ ml_monitor.segment_rates(['accuracy', 'prevalence', 'brier', 'log_loss', 'mae', 'bias']) }}
),

windows as (
    select windows.monitor, windows.window_start, windows.window_number, windows.is_excluded, monitors.trailing_baseline
    from {{ ref('ml_monitor__windows') }} as windows
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = windows.monitor
),

single as (
    select rates.monitor, rates.segment, rates.segment_value, rates.metric, rates.metric_value, rates.error, rates.n, windows.window_number
    from rates
    inner join windows on windows.monitor = rates.monitor and windows.window_start = rates.window_start and not windows.is_excluded
    where rates.span = 1 and rates.segment <> '__all__'
),

current_spans as (
    select rates.monitor, rates.segment, rates.segment_value, rates.metric, rates.span, rates.window_start, rates.window_end,
        windows.window_number - rates.span as last_baseline_number, windows.window_number - rates.span - windows.trailing_baseline as before_baseline_number,
        rates.metric_value, rates.error, rates.n
    from rates
    inner join windows on windows.monitor = rates.monitor and windows.window_start = rates.window_start
    where rates.segment <> '__all__'
),

spans as (
    select distinct monitor, segment, metric, span, window_start, window_end, last_baseline_number, before_baseline_number from current_spans
),

baseline_rates as (
    {#- of spans that begin with the same window once #}
    select stretches.monitor, stretches.segment, single.segment_value, stretches.metric, stretches.last_baseline_number, sum(single.n) as n,
        sum(single.n * single.metric_value) / sum(single.n) as metric_value,
        sqrt(sum(single.n * single.n * single.error * single.error)) / sum(single.n) as error
    from (select distinct monitor, segment, metric, last_baseline_number, before_baseline_number from spans) as stretches
    inner join single
        on single.monitor = stretches.monitor and single.segment = stretches.segment and single.metric = stretches.metric
        and single.window_number > stretches.before_baseline_number and single.window_number <= stretches.last_baseline_number
    group by stretches.monitor, stretches.segment, single.segment_value, stretches.metric, stretches.last_baseline_number
),

baselines as (
    select spans.monitor, spans.segment, rates.segment_value, spans.metric, spans.span, spans.window_start, spans.window_end, rates.n, rates.metric_value, rates.error
    from spans
    inner join baseline_rates as rates
        on rates.monitor = spans.monitor and rates.segment = spans.segment and rates.metric = spans.metric
        and rates.last_baseline_number = spans.last_baseline_number
),

{{ ml_monitor.mix_and_rate() }}

select * from mix_and_rate
