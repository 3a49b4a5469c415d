{% macro closest_rules(rows) %}
    {#- The rule that holds for each series of `rows` (`series` has one row each): the most special one wins, a feature before a value of a
        segment before a segment. Needs the CTE `alert_rules`. -#}
    {%- set keys = ['monitor', 'metric', 'feature', 'segment', 'segment_value', 'span'] -%}
    series as (
        select distinct {{ keys | join(', ') }} from {{ rows }}
    ),

    ranked_rules as (
        select
            {%- for key in keys %}
            series.{{ key }},
            {%- endfor %}
            {%- for column in ['rule', 'direction', 'warn_threshold', 'alert_threshold', 'clear_threshold', 'baseline', 'open_after', 'open_within',
                'resolve_after', 'renotify_after', 'severity', 'owner', 'route', 'is_plain'] %}
            alert_rules.{{ column }},
            {%- endfor %}
            row_number() over (
                partition by {% for key in keys %}series.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
                order by alert_rules.specificity desc, coalesce(alert_rules.segment, '')
            ) as closeness
        from series
        inner join alert_rules
            on alert_rules.monitor = series.monitor
            and alert_rules.metric = series.metric
            and alert_rules.span = series.span
            and (alert_rules.by_segment or series.segment = '__all__')
            {%- for key in ['feature', 'segment', 'segment_value'] %}
            and (alert_rules.{{ key }} is null or alert_rules.{{ key }} = series.{{ key }})
            {%- endfor %}
    ),

    closest_rules as (
        select * from ranked_rules where closeness = 1
    )
{%- endmacro %}
