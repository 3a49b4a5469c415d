{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- One row per metric: what thresholds, BI tools and tests read. A feature whose frozen reference has no row (an empty table, a period that
    is not over) has what is judged of it without a value, so that the verdict says why. A moving reference lacks only its first windows. -#}

{%- set keys = ['monitor', 'model_version', 'segment', 'segment_value', 'feature', 'window_start', 'window_end', 'span'] %}
{%- set metrics = ml_monitor.drift_metrics() %}
{%- set no_number = 'cast(null as ' ~ ml_monitor.type_double() ~ ')' %}

with

referenced as (
    select distinct monitor, edge_set_id, feature from {{ ref('ml_monitor__reference_bins') }}
),

unreferenced as (
    select features.monitor, features.feature, features.feature_type, monitors.metric_spec_id
    from {{ ref('ml_monitor__features') }} as features
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = features.monitor and monitors.reference_kind in ('relation', 'period')
    left join referenced
        on referenced.monitor = features.monitor
        and referenced.edge_set_id = monitors.edge_set_id
        and referenced.feature = features.feature
    where referenced.monitor is null
)

{% for metric in metrics %}
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
where baseline = '{{ metric.baseline }}'{{ " and feature_type = '" ~ metric.feature_type ~ "'" if metric.feature_type }}
union all
{% endfor %}
select
    unreferenced.monitor,
    '__all__' as model_version,
    '__all__' as segment,
    '__all__' as segment_value,
    unreferenced.feature,
    windows.window_start,
    windows.window_end,
    thresholds.span,
    thresholds.metric,
    'drift' as family,
    {{ no_number }} as metric_value,
    0 as sample_size,
    0 as reference_size,
    0 as n_bins,
    {{ no_number }} as noise_floor,
    {{ no_number }} as p_value,
    unreferenced.metric_spec_id,
    {{ ml_monitor.window_epoch('day') }} as source_updated_at
from unreferenced
inner join {{ ref('ml_monitor__windows') }} as windows on windows.monitor = unreferenced.monitor
inner join {{ ref('ml_monitor__thresholds') }} as thresholds on thresholds.monitor = unreferenced.monitor
where thresholds.metric in ('{{ metrics | map(attribute='metric') | join("', '") }}')
    and unreferenced.feature_type = case thresholds.metric
        {%- for metric in metrics if metric.feature_type %}
        when '{{ metric.metric }}' then '{{ metric.feature_type }}'
        {%- endfor %}
        else unreferenced.feature_type
    end
