{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{%- set metrics = ml_monitor.metric_catalogue() %}
{%- for spec in ml_monitor.monitors() %}
    {%- for metric in ml_monitor.custom_catalogue(spec) + ml_monitor.operational_catalogue(spec) + ml_monitor.kpi_catalogue(spec) %}
        {%- do metrics.append(dict(metric, monitor=spec.name)) %}
    {%- endfor %}
{%- endfor %}
{%- set rows = [] %}
{%- for metric in metrics %}
    {%- do rows.append({
        'monitor': ml_monitor.literal(metric.get('monitor', '__all__')),
        'metric': ml_monitor.literal(metric.metric),
        'family': ml_monitor.literal(metric.family),
        'unit': ml_monitor.literal(metric.unit),
        'direction': ml_monitor.literal(metric.breaches),
        'target': 'cast(' ~ metric.target ~ ' as ' ~ ml_monitor.type_double() ~ ')',
        'formula': ml_monitor.literal(metric.formula),
        'description': ml_monitor.literal(metric.get('description')),
        'tasks': ml_monitor.literal(metric.tasks | join(', ')),
    }) %}
{%- endfor %}

{{ ml_monitor.constant_rows(rows) }}
