{{ config(materialized='view', enabled=ml_monitor.any_declared('service')) }}

{#- Counts of the series as they are defined now; those of earlier definitions stay in the monitors' own tables. -#}

{% for spec in ml_monitor.monitors() if spec.service %}
select
    monitor, metric_id, series, model_version, segment, segment_value, window_start, window_number, bin, n, total, lowest, highest, updated_at
from {{ ref(project_name, spec.name ~ '__service_profile') }}
where n > 0 and metric_id in ('{{ ([spec.service_id] + (ml_monitor.operational_metrics(spec) | map(attribute='metric_id') | list)) | join("', '") }}')
{{ 'union all' if not loop.last }}
{% endfor %}
