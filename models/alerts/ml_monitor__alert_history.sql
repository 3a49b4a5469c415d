{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{#- The state machine, window by window. What was not evaluated (too few rows, no reference, immature) is left out, so it
    neither opens nor resolves. Within an incident the severity only rises. -#}

with

verdicts as (
    select * from {{ ref('ml_monitor__verdicts') }}
    where status in ('ok', 'warning', 'alert')
),

monitors as (
    select monitor, owner, open_after, resolve_after, renotify_after from {{ ref('ml_monitor__monitors') }}
),

levels as (
    select
        verdicts.monitor,
        verdicts.family,
        verdicts.metric,
        verdicts.feature,
        verdicts.segment,
        verdicts.segment_value,
        verdicts.model_version,
        verdicts.span,
        verdicts.window_start,
        verdicts.window_end,
        verdicts.metric_value,
        verdicts.sample_size,
        verdicts.status,
        case verdicts.status when 'alert' then verdicts.alert_threshold else coalesce(verdicts.warn_threshold, verdicts.alert_threshold) end as threshold_value,
        verdicts.reason,
        monitors.owner,
        monitors.open_after,
        monitors.resolve_after,
        monitors.renotify_after,
        case verdicts.status when 'alert' then 2 when 'warning' then 1 else 0 end as level,
        {{ ml_monitor.md5("verdicts.monitor || '|' || verdicts.metric || '|' || verdicts.feature || '|' || verdicts.segment || '|' || verdicts.segment_value || '|' || verdicts.model_version || '|' || cast(verdicts.span as " ~ dbt.type_string() ~ ")") }} as alert_key
    from verdicts
    inner join monitors on monitors.monitor = verdicts.monitor
),

runs as (
    {#- how many windows in a row, ending here, were at least at warning, at alert, or calm #}
    select
        *,
        row_number() over (partition by alert_key order by window_start) as position,
        row_number() over (partition by alert_key order by window_start)
            - max(case when level < 1 then position_all else 0 end) over (partition by alert_key order by window_start) as breaching_run,
        row_number() over (partition by alert_key order by window_start)
            - max(case when level < 2 then position_all else 0 end) over (partition by alert_key order by window_start) as alerting_run,
        row_number() over (partition by alert_key order by window_start)
            - max(case when level > 0 then position_all else 0 end) over (partition by alert_key order by window_start) as calm_run
    from (select *, row_number() over (partition by alert_key order by window_start) as position_all from levels) as numbered
),

signals as (
    {#- sets a level, clears it (0), or holds (NULL) #}
    select
        *,
        case
            when alerting_run >= open_after then 2
            when breaching_run >= open_after then 1
            when calm_run >= resolve_after then 0
        end as signal
    from runs
),

regimes as (
    {#- a regime lasts from one clearing to the next, so at most one incident lies in it #}
    select
        *,
        sum(case when signal = 0 then 1 else 0 end) over (partition by alert_key order by window_start rows between unbounded preceding and current row) as regime
    from signals
),

severities as (
    select
        *,
        coalesce(max(case when signal > 0 then signal end) over (partition by alert_key, regime order by window_start rows between unbounded preceding and current row), 0) as severity_level,
        min(case when signal > 0 then window_start end) over (partition by alert_key, regime) as incident_opened_at,
        min(case when signal > 0 then position end) over (partition by alert_key, regime) as opened_position
    from regimes
),

final as (
    select
        alert_key,
        monitor,
        family,
        metric,
        feature,
        segment,
        segment_value,
        model_version,
        span,
        window_start,
        window_end,
        position,
        status,
        metric_value,
        threshold_value,
        sample_size,
        reason,
        owner,
        renotify_after,
        severity_level,
        coalesce(lag(severity_level) over (partition by alert_key order by window_start), 0) as previous_severity_level,
        case when severity_level > 0 then incident_opened_at end as opened_at,
        lag(case when severity_level > 0 then incident_opened_at end) over (partition by alert_key order by window_start) as previous_opened_at,
        case when severity_level > 0 then position - opened_position end as windows_open
    from severities
)

select * from final
