{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- One row per metric: what thresholds, BI tools and tests read. -#}

{%- set keys = ['monitor', 'model_version', 'segment', 'segment_value', 'feature', 'window_start', 'window_end', 'span'] %}

{% for metric in ml_monitor.drift_metrics() %}
select
    {{ keys | join(',\n    ') }},
    '{{ metric.metric }}' as metric,
    'drift' as family,
    {{ metric.column }} as metric_value,
    window_size{{ metric.kind }} as sample_size,
    reference_size{{ metric.kind }} as reference_size,
    n_bins{{ metric.kind }} as n_bins,
    {{ metric.noise_floor }} as noise_floor,
    {{ metric.p_value }} as p_value,
    metric_spec_id,
    source_updated_at
from {{ ref('ml_monitor__drift_statistics') }}
where baseline = '{{ metric.baseline }}'{{ " and feature_type = 'numeric'" if metric.is_numeric }}
{{ 'union all' if not loop.last }}
{% endfor %}
