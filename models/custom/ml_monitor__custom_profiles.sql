{{ config(materialized='view', enabled=ml_monitor.any_custom_metrics()) }}

{#- Parts of the metrics as they are defined now; those of earlier definitions stay in the monitors' own tables. -#}

{% for spec in ml_monitor.monitors() if spec.metrics %}
select
    monitor, metric_id, metric, model_version, segment, segment_value, window_start, window_number, part, part_value, n, n_predictions, updated_at
from {{ ref(project_name, spec.name ~ '__custom_profile') }}
where part > 0 and metric_id in ('{{ ml_monitor.custom_metrics(spec).metrics | map(attribute='metric_id') | join("', '") }}')
{{ 'union all' if not loop.last }}
{% endfor %}
