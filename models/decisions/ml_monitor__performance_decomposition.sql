{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Why a mean changed against the windows just before (Kitagawa 1955): other shares of the segments (mix) or another value within them (rate). The two
    add up over the segment's values to the change, exactly. -#}

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
    select rates.monitor, rates.segment, rates.segment_value, rates.metric, rates.metric_value, rates.n, windows.window_number
    from rates
    inner join windows on windows.monitor = rates.monitor and windows.window_start = rates.window_start and not windows.is_excluded
    where rates.span = 1 and rates.segment <> '__all__'
),

current_spans as (
    select rates.monitor, rates.segment, rates.segment_value, rates.metric, rates.span, rates.window_start, rates.window_end,
        windows.window_number - rates.span as last_baseline_number, windows.window_number - rates.span - windows.trailing_baseline as before_baseline_number,
        rates.metric_value, rates.n
    from rates
    inner join windows on windows.monitor = rates.monitor and windows.window_start = rates.window_start
    where rates.segment <> '__all__'
),

spans as (
    select distinct monitor, segment, metric, span, window_start, window_end, last_baseline_number, before_baseline_number from current_spans
),

baselines as (
    select spans.monitor, spans.segment, single.segment_value, spans.metric, spans.span, spans.window_start, spans.window_end, sum(single.n) as n,
        sum(single.n * single.metric_value) / sum(single.n) as metric_value
    from spans
    inner join single
        on single.monitor = spans.monitor and single.segment = spans.segment and single.metric = spans.metric
        and single.window_number > spans.before_baseline_number and single.window_number <= spans.last_baseline_number
    group by spans.monitor, spans.segment, single.segment_value, spans.metric, spans.span, spans.window_start, spans.window_end
),

{{ ml_monitor.mix_and_rate() }}

select * from mix_and_rate
