{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{% for metric in ml_monitor.metric_catalogue() %}
select
    '{{ metric.metric }}' as metric,
    '{{ metric.family }}' as family,
    '{{ metric.unit }}' as unit,
    '{{ metric.breaches }}' as direction,
    {{ ml_monitor.literal(metric.formula) }} as formula,
    '{{ metric.tasks | join(', ') }}' as tasks
{{ 'union all' if not loop.last }}
{% endfor %}
