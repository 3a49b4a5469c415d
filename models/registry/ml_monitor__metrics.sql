{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{%- set metrics = ml_monitor.metric_catalogue() %}
{%- for spec in ml_monitor.monitors() %}
    {%- for metric in ml_monitor.custom_catalogue(spec) + ml_monitor.operational_catalogue(spec) + ml_monitor.kpi_catalogue(spec) %}
        {%- do metrics.append(dict(metric, monitor=spec.name)) %}
    {%- endfor %}
{%- endfor %}

{% for metric in metrics %}
select
    {{ ml_monitor.literal(metric.get('monitor', '__all__')) }} as monitor,
    '{{ metric.metric }}' as metric,
    '{{ metric.family }}' as family,
    '{{ metric.unit }}' as unit,
    '{{ metric.breaches }}' as direction,
    {{ ml_monitor.literal(metric.formula) }} as formula,
    {{ ml_monitor.literal(metric.get('description')) }} as description,
    '{{ metric.tasks | join(', ') }}' as tasks
{{ 'union all' if not loop.last }}
{% endfor %}
