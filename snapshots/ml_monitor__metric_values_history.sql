{% snapshot ml_monitor__metric_values_history %}
{%- set kept = ml_monitor.history_of() %}
{{ config(
    enabled=ml_monitor.any_monitors() and kept | length > 0,
    unique_key=['monitor', 'model_version', 'segment', 'segment_value', 'feature', 'window_start', 'span', 'metric'],
    strategy='check',
    check_cols=['metric_value', 'sample_size', 'label_coverage'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__metric_values')) }}
{%- if kept != ['all'] %}
where metric in ('{{ kept | join("', '") }}')
{%- endif %}
{% endsnapshot %}
