{% snapshot ml_monitor__verdicts_history %}
{{ config(
    enabled=ml_monitor.any_monitors(),
    unique_key=['monitor', 'model_version', 'segment', 'segment_value', 'feature', 'window_start', 'span', 'metric'],
    strategy='check',
    check_cols=['metric_value', 'sample_size', 'label_coverage', 'warn_threshold', 'alert_threshold', 'status'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__verdicts')) }}
{% endsnapshot %}
