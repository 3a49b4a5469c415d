{% snapshot ml_monitor__thresholds_history %}
{{ config(
    enabled=ml_monitor.any_monitors(),
    unique_key=['monitor', 'metric', 'span'],
    strategy='check',
    check_cols=['direction', 'warn_threshold', 'alert_threshold', 'by_segment', 'test'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__thresholds')) }}
{% endsnapshot %}
