{{ config(materialized='table', enabled=ml_monitor.any_monitors(), sql_header=ml_monitor.sql_header()) }}
{%- set places = ['monitor', 'metric', 'feature', 'segment', 'segment_value', 'span'] %}
{%- set keys = places + ['model_version'] %}
{%- set levels = ['warn', 'alert', 'clear'] %}

{#- What the rules that are not plain thresholds demand of each value, from the series itself: the windows before it (`sigma`, `percentile`,
    `robust`) or its healthy windows (`relative`). No window of a baseline shares a row with the value, nor lies in an excluded period. -#}

with

alert_rules as (
    select * from {{ ref('ml_monitor__alert_rules') }}
),

monitors as (
    select monitor, healthy_windows, healthy_from, healthy_to from {{ ref('ml_monitor__monitors') }}
),

excluded_periods as (
    {{ ml_monitor.excluded_periods() }}
),

special_metrics as (
    select distinct monitor, metric, span from alert_rules where not is_plain
),

metric_values as (
    select metric_values.*
    from {{ ref('ml_monitor__metric_values') }} as metric_values
    inner join special_metrics
        on special_metrics.monitor = metric_values.monitor
        and special_metrics.metric = metric_values.metric
        and special_metrics.span = metric_values.span
    where {{ ml_monitor.is_judged('metric_values') }}
),

{{ ml_monitor.closest_rules('metric_values') }},

ruled as (
    select
        {%- for key in keys %}
        metric_values.{{ key }},
        {%- endfor %}
        metric_values.window_start,
        metric_values.metric_value,
        closest_rules.rule,
        closest_rules.direction,
        closest_rules.warn_threshold as warn_number,
        closest_rules.alert_threshold as alert_number,
        closest_rules.clear_threshold as clear_number,
        closest_rules.baseline,
        row_number() over (
            partition by {% for key in keys %}metric_values.{{ key }}{{ ', ' if not loop.last }}{% endfor %} order by metric_values.window_start
        ) as position,
        {{ ml_monitor.is_excluded('metric_values.monitor', 'metric_values.window_start') }} as is_excluded
    from metric_values
    inner join closest_rules on {% for key in places %}closest_rules.{{ key }} = metric_values.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    where not closest_rules.is_plain
),

baselines as (
    select {% for key in keys %}ruled.{{ key }}, {% endfor %}ruled.window_start, past.metric_value as x
    from ruled
    inner join monitors on monitors.monitor = ruled.monitor
    inner join ruled as past
        on {% for key in keys %}past.{{ key }} = ruled.{{ key }} and {% endfor %}past.metric_value is not null
        and not past.is_excluded
    where (ruled.rule in ('sigma', 'percentile', 'robust')
            and past.position <= ruled.position - ruled.span and past.position > ruled.position - ruled.span - ruled.baseline)
        or (ruled.rule = 'relative' and monitors.healthy_from is null and past.position <= monitors.healthy_windows)
        or (ruled.rule = 'relative' and past.window_start >= monitors.healthy_from and past.window_start < monitors.healthy_to)
),

placed as (
    select
        *,
        row_number() over (partition by {{ keys | join(', ') }}, window_start order by x) - 1 as place,
        count(*) over (partition by {{ keys | join(', ') }}, window_start) as n
    from baselines
),

moments as (
    select
        {% for key in keys %}placed.{{ key }}, {% endfor %}placed.window_start,
        count(*) as n_baseline,
        avg(x) as mean,
        stddev_samp(x) as deviation,
        {{ ml_monitor.at_quantile('0.5') }} as median,
        {%- for level in levels %}
        {%- set tail = 'ruled.' ~ level ~ '_number / 100' %}
        {{ ml_monitor.at_quantile("case ruled.direction when 'both' then (1 + " ~ tail ~ ") / 2 else " ~ tail ~ " end") }} as {{ level }}_high,
        {{ ml_monitor.at_quantile("case ruled.direction when 'both' then (1 - " ~ tail ~ ") / 2 else 1 - " ~ tail ~ " end") }} as {{ level }}_low{{ ',' if not loop.last }}
        {%- endfor %}
    from placed
    inner join ruled
        on {% for key in keys %}ruled.{{ key }} = placed.{{ key }} and {% endfor %}ruled.window_start = placed.window_start
    group by {% for key in keys %}placed.{{ key }}, {% endfor %}placed.window_start
),

distances as (
    select
        {% for key in keys %}placed.{{ key }}, {% endfor %}placed.window_start,
        abs(placed.x - moments.median) as x,
        row_number() over (partition by {% for key in keys %}placed.{{ key }}, {% endfor %}placed.window_start order by abs(placed.x - moments.median)) - 1 as place,
        placed.n
    from placed
    inner join moments
        on {% for key in keys %}moments.{{ key }} = placed.{{ key }} and {% endfor %}moments.window_start = placed.window_start
),

spreads as (
    select {{ keys | join(', ') }}, window_start, {{ ml_monitor.at_quantile('0.5') }} as mad
    from distances
    group by {{ keys | join(', ') }}, window_start
),

scaled as (
    select
        ruled.*,
        coalesce(moments.n_baseline, 0) as n_baseline,
        case when ruled.rule = 'relative' then 1 when ruled.baseline < 14 then 5 else ruled.baseline / 2 end as least_baseline,
        {%- for level in levels %}
        moments.{{ level }}_high,
        moments.{{ level }}_low,
        {%- endfor %}
        case ruled.rule when 'sigma' then moments.mean else moments.median end as centre,
        {#- A spread of 0 would call rounding an anomaly. #}
        case ruled.rule
            when 'sigma' then coalesce(moments.deviation, 0) + 1e-9 * abs(moments.mean)
            when 'robust' then 1.4826e0 * spreads.mad + 1e-9 * abs(moments.median)
            else abs(moments.median)
        end as scale
    from ruled
    left join moments
        on {% for key in keys %}moments.{{ key }} = ruled.{{ key }} and {% endfor %}moments.window_start = ruled.window_start
    left join spreads
        on {% for key in keys %}spreads.{{ key }} = ruled.{{ key }} and {% endfor %}spreads.window_start = ruled.window_start
),

final as (
    select
        {{ keys | join(',\n        ') }},
        window_start,
        rule,
        direction,
        n_baseline,
        {%- for level in levels %}
        {{ ml_monitor.rule_centre(level) }} as {{ level }}_centre,
        {{ ml_monitor.rule_limit(level) }} as {{ level }}_threshold{{ ',' if not loop.last }}
        {%- endfor %}
    from scaled
)

select * from final
