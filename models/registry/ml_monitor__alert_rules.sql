{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{#- Texts and numbers as they were declared, and who inherits them; `is_plain` rules say no more than `ml_monitor__thresholds`. -#}
{%- set texts = ['metric', 'feature', 'segment', 'segment_value', 'rule', 'direction', 'severity', 'owner', 'route'] %}
{%- set numbers = {'warn': 'warn_threshold', 'alert': 'alert_threshold', 'clear': 'clear_threshold'} %}
{%- set counts = ['specificity', 'baseline', 'open_after', 'open_within', 'resolve_after', 'renotify_after'] %}
{% for spec in ml_monitor.monitors() %}
    {%- for rule in ml_monitor.alert_rules(spec) %}
        {%- set has_value = rule.segment_value is not none %}
        {%- set segment_value = ml_monitor.declared_segment_value(spec, rule.segment, rule.segment_value) if has_value else ml_monitor.literal(none) %}
        {%- set place = [spec.name, rule.metric, rule.over, rule.feature or '__all__', rule.segment or '__all__'] | join('/') ~ '/' %}
select
    {{ ml_monitor.literal(spec.name) }} as monitor,
    {{ ml_monitor.literal(place) }} || {{ segment_value if has_value else "'__all__'" }} as rule_key,
    {%- for column in texts %}
    cast({{ segment_value if column == 'segment_value' else ml_monitor.literal(rule[column]) }} as {{ dbt.type_string() }}) as {{ column }},
    {%- endfor %}
    {%- for option, column in numbers.items() %}
    cast({{ rule[option] if rule[option] is not none else 'null' }} as {{ ml_monitor.type_double() }}) as {{ column }},
    {%- endfor %}
    {%- for column in counts %}
    cast({{ rule[column] }} as integer) as {{ column }},
    {%- endfor %}
    cast({{ rule.over }} as integer) as span,
    {{ 'true' if rule.by_segment else 'false' }} as by_segment,
    {{ 'true' if rule.rule == 'value' and rule.specificity == 0 and rule.clear is none and not rule.get('side') else 'false' }} as is_plain
union all
    {%- endfor %}
{% endfor %}
select null, null, {% for column in texts %}null, {% endfor %}{% for column in numbers %}null, {% endfor %}{% for column in counts %}null, {% endfor %}null, null, null
{{ ml_monitor.no_rows() }}
