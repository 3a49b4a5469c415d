{% macro alert_mutes() %}
    {#- Mutes from the relation that `ml_monitor__alert_mutes` names (usually a seed), and excluded periods: what happens in them is judged and
        recorded, and told to nobody. An empty monitor, metric, feature or segment means every one; `ends_at` (excluded) is the expiry. -#}
    {%- set relation = var('ml_monitor__alert_mutes', none) -%}
    {%- set texts = ['monitor', 'metric', 'feature', 'segment', 'segment_value'] -%}
    {%- if relation %}
        select
            {%- for column in texts %}
            nullif(cast({{ column }} as {{ dbt.type_string() }}), '') as {{ column }},
            {%- endfor %}
            cast(starts_at as timestamp) as starts_at,
            cast(ends_at as timestamp) as ends_at,
            cast(reason as {{ dbt.type_string() }}) as reason
        from {{ ml_monitor.monitor_relation(relation) }}
        union all
    {%- endif %}
        select monitor, null as metric, null as feature, null as segment, null as segment_value, starts_at, ends_at, reason
        from ({{ ml_monitor.excluded_periods() }}) as excluded_periods
{% endmacro %}


{% macro in_mute(row) %}
    {#- Condition that a mute covers the window of `row`; to join the CTE `mutes` on. -#}
    {%- for column in ['monitor', 'metric', 'feature', 'segment', 'segment_value'] %}
        (mutes.{{ column }} is null or mutes.{{ column }} = {{ row }}.{{ column }}) and
    {%- endfor %}
        mutes.starts_at <= {{ row }}.window_start and mutes.ends_at > {{ row }}.window_start
{%- endmacro %}


{% macro _validate_quiet_hours(name, declared) %}
    {% if declared is not none and (declared is not mapping or declared.keys() | reject('equalto', 'timezone') | sort | list != ['from', 'to']) %}
        {% do ml_monitor._config_error(name, 'alerting.quiet_hours', tojson(declared) ~ ' is not a choice', ['{from: 22, to: 7}, hours of the day in UTC', '{from: 22, to: 7, timezone: Europe/Berlin}']) %}
    {% endif %}
    {% for key in ['from', 'to'] if declared %}
        {% do ml_monitor._validate_whole_number(name, 'alerting.quiet_hours.' ~ key, declared[key], 0, 23) %}
    {% endfor %}
    {% do ml_monitor._validate_timezone(name, (declared or {}).get('timezone'), 'alerting.quiet_hours.timezone') %}
{% endmacro %}


{% macro after_quiet_hours(moment) %}
    {#- When an event of `all_events` may be sent: an alert that opens or gets worse at once, the rest after the quiet hours of its monitor. -#}
    {%- set zones = {} -%}
    {%- for spec in ml_monitor.monitors() if (spec.alerting.quiet_hours or {}).get('timezone') -%}
        {%- do zones.setdefault(spec.alerting.quiet_hours.timezone, []).append(ml_monitor.literal(spec.name)) -%}
    {%- endfor -%}
    case
        when quiet_hours.quiet_from is null then null
        when all_events.severity = 'alert' and all_events.event_type in ('opened', 'escalated', 'data_missing') then null
        {%- for zone, names in zones.items() %}
        when all_events.monitor in ({{ names | join(', ') }})
            then {{ ml_monitor.to_utc(ml_monitor.quiet_until(ml_monitor.to_local(moment, zone)), zone) }}
        {%- endfor %}
        else {{ ml_monitor.quiet_until(moment) }}
    end
{%- endmacro %}


{% macro quiet_until(moment) %}
    {#- The end of the quiet hours in which a moment of the same clock lies; NULL outside of them. -#}
    {%- set hour = 'extract(hour from ' ~ moment ~ ')' -%}
    {%- set today = "cast(" ~ ml_monitor.start_of('day', moment) ~ " as timestamp)" -%}
    case
        when quiet_hours.quiet_from <= quiet_hours.quiet_to and not ({{ hour }} >= quiet_hours.quiet_from and {{ hour }} < quiet_hours.quiet_to) then null
        when quiet_hours.quiet_from > quiet_hours.quiet_to and {{ hour }} < quiet_hours.quiet_from and {{ hour }} >= quiet_hours.quiet_to then null
        when {{ hour }} < quiet_hours.quiet_to then cast({{ ml_monitor.add_units('hour', 'quiet_hours.quiet_to', today) }} as timestamp)
        else cast({{ ml_monitor.add_units('hour', 'quiet_hours.quiet_to + 24', today) }} as timestamp)
    end
{%- endmacro %}


{% macro delivered_until(moment) %}
    {#- Events of windows that ended before are written down and not sent: `ml_monitor__alert_max_age_days`, as `deliver --max-age-days`. -#}
    cast({{ ml_monitor.add_units('day', var('ml_monitor__alert_max_age_days', 7) | int, moment) }} as timestamp)
{%- endmacro %}
