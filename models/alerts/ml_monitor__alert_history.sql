{{ config(materialized='table', enabled=ml_monitor.any_monitors(), sql_header=ml_monitor.sql_header()) }}

{#- The state machine, window by window. What was not evaluated (too few rows, no reference, immature) is left out, so it
    neither opens nor resolves. Within an incident the severity only rises. A muted or snoozed window changes the state as any other does,
    but nobody is told: `told_level` is the severity that people know of. Where each model version has a reference of its own, a new champion ends
    what is open about drift from the reference of the one before. -#}
{%- set moving = ml_monitor.version_references() %}

with

verdicts as (
    select * from {{ ref('ml_monitor__verdicts') }}
    where status in ('ok', 'warning', 'alert')
),

alert_rules as (
    select * from {{ ref('ml_monitor__alert_rules') }}
),

{{ ml_monitor.closest_rules('verdicts') }},

mutes as (
    {{ ml_monitor.alert_mutes() }}
),

alert_actions as (
    select alert_key, incident_id, action, until_at, acted_at from {{ ref('ml_monitor__alert_actions') }}
),

acknowledgements as (
    select incident_id, min(acted_at) as acknowledged_at
    from alert_actions
    where action = 'acknowledged'
    group by incident_id
),

snoozes as (
    {#- a later snooze takes the place of an earlier one, so a shorter one wakes the alert #}
    select
        alert_key,
        acted_at as starts_at,
        case when next_at < until_at then next_at else until_at end as ends_at
    from (
        select alert_key, acted_at, until_at, lead(acted_at) over (partition by alert_key order by acted_at, until_at) as next_at
        from alert_actions
        where action = 'snoozed'
    ) as snoozed
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
        coalesce(closest_rules.owner, monitors.owner) as owner,
        closest_rules.route,
        case when closest_rules.rule <> 'off' then true else false end as is_watched,
        coalesce(closest_rules.open_after, monitors.open_after) as open_after,
        coalesce(closest_rules.open_within, closest_rules.open_after, monitors.open_after) as open_within,
        coalesce(closest_rules.resolve_after, monitors.resolve_after) as resolve_after,
        coalesce(closest_rules.renotify_after, monitors.renotify_after) as renotify_after,
        case
            when verdicts.status = 'alert' and coalesce(closest_rules.severity, 'alert') = 'alert' then 2
            when verdicts.status in ('alert', 'warning') then 1
            else 0
        end as level,
        case when verdicts.status = 'ok' and coalesce(verdicts.is_clear, true) then 1 else 0 end as is_calm,
        {{ ml_monitor.md5("verdicts.monitor || '|' || verdicts.metric || '|' || verdicts.feature || '|' || verdicts.segment || '|' || verdicts.segment_value || '|' || verdicts.model_version || '|' || cast(verdicts.span as " ~ dbt.type_string() ~ ")") }} as alert_key
    from verdicts
    inner join monitors on monitors.monitor = verdicts.monitor
    left join closest_rules
        on closest_rules.monitor = verdicts.monitor
        and closest_rules.metric = verdicts.metric
        and closest_rules.feature = verdicts.feature
        and closest_rules.segment = verdicts.segment
        and closest_rules.segment_value = verdicts.segment_value
        and closest_rules.span = verdicts.span
),

{%- if moving %}

champions as (
    select monitor, model_version, effective_at from {{ ref('ml_monitor__deployments') }}
    where previous_version is not null
        and monitor in ({% for spec in moving %}{{ ml_monitor.literal(spec.name) }}{{ ', ' if not loop.last }}{% endfor %})
),

reigns as (
    {#- since when the champion of each window's end has served #}
    select windows.monitor, windows.window_start, max(champions.effective_at) as served_since
    from (select distinct monitor, window_start, window_end from levels where family = 'drift') as windows
    inner join champions on champions.monitor = windows.monitor and champions.effective_at < windows.window_end
    group by windows.monitor, windows.window_start
),
{%- endif %}

numbered as (
    select
        {{ 'levels.*' if moving else '*' }},
        {%- if moving %}
        reigns.served_since,
        lag(reigns.served_since) over (partition by alert_key order by levels.window_start) as served_since_before,
        {%- endif %}
        row_number() over (partition by alert_key order by levels.window_start) as position,
        sum(case when level > 0 then 1 else 0 end) over (partition by alert_key order by levels.window_start) as breaches_so_far,
        sum(case when level > 1 then 1 else 0 end) over (partition by alert_key order by levels.window_start) as alerts_so_far
    from levels
    {%- if moving %}
    left join reigns on reigns.monitor = levels.monitor and reigns.window_start = levels.window_start and levels.family = 'drift'
    {%- endif %}
),

runs as (
    {#- how many of the last `open_within` windows breached, and how many in a row, ending here, were calm #}
    select
        numbered.*,
        numbered.breaches_so_far - coalesce(before.breaches_so_far, 0) as recent_breaches,
        numbered.alerts_so_far - coalesce(before.alerts_so_far, 0) as recent_alerts,
        numbered.position
            - max(case when numbered.is_calm = 0 then numbered.position else 0 end) over (partition by numbered.alert_key order by numbered.window_start) as calm_run
    from numbered
    left join numbered as before on before.alert_key = numbered.alert_key and before.position = numbered.position - numbered.open_within
),

signals as (
    {#- sets a level, clears it (0), or holds (NULL) #}
    select
        *,
        case
            {%- if moving %}
            when served_since <> coalesce(served_since_before, cast('1900-01-01' as timestamp)) and position > 1 then 0
            {%- endif %}
            when level = 2 and recent_alerts >= open_after then 2
            when level > 0 and recent_breaches >= open_after then 1
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

incidents as (
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
        {{ "case when signal = 0 and served_since <> coalesce(served_since_before, cast('1900-01-01' as timestamp)) then 'the model was replaced, and its reference with it; ' || reason else reason end as reason" if moving else 'reason' }},
        owner,
        route,
        is_watched,
        renotify_after,
        severity_level,
        coalesce(lag(severity_level) over (partition by alert_key order by window_start), 0) as previous_severity_level,
        case when severity_level > 0 then incident_opened_at end as opened_at,
        lag(case when severity_level > 0 then incident_opened_at end) over (partition by alert_key order by window_start) as previous_opened_at,
        case when severity_level > 0 then position - opened_position end as windows_open
    from severities
),

quiet_windows as (
    select incidents.alert_key, incidents.window_start, min(mutes.reason) as muted_because
    from incidents
    inner join mutes on {{ ml_monitor.in_mute('incidents') }}
    group by incidents.alert_key, incidents.window_start
    union all
    select incidents.alert_key, incidents.window_start, 'snoozed' as muted_because
    from incidents
    inner join snoozes
        on snoozes.alert_key = incidents.alert_key
        and snoozes.starts_at < incidents.window_end
        and snoozes.ends_at >= incidents.window_end
    group by incidents.alert_key, incidents.window_start
),

silences as (
    select alert_key, window_start, coalesce(min(muted_because), 'muted') as muted_because
    from quiet_windows
    group by alert_key, window_start
),

told as (
    select
        incidents.*,
        silences.muted_because,
        acknowledgements.acknowledged_at,
        case
            when incidents.opened_at is null then 0
            else coalesce(max(case when silences.muted_because is null then incidents.severity_level end) over (
                partition by incidents.alert_key, incidents.opened_at
                order by incidents.window_start rows between unbounded preceding and current row
            ), 0)
        end as told_level
    from incidents
    left join silences on silences.alert_key = incidents.alert_key and silences.window_start = incidents.window_start
    left join acknowledgements on acknowledgements.incident_id = {{ ml_monitor.incident_id('incidents.opened_at', 'incidents.alert_key') }}
),

final as (
    select
        *,
        coalesce(lag(told_level) over (partition by alert_key order by window_start), 0) as previous_told_level,
        lag(muted_because) over (partition by alert_key order by window_start) as previous_muted_because,
        case when acknowledged_at < window_end then true else false end as is_acknowledged
    from told
)

select * from final
