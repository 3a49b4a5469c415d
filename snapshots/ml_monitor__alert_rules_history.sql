{% snapshot ml_monitor__alert_rules_history %}
{{ config(
    enabled=ml_monitor.any_monitors(),
    unique_key='rule_key',
    strategy='check',
    check_cols=['rule', 'direction', 'severity', 'owner', 'route', 'warn_threshold', 'alert_threshold', 'clear_threshold', 'baseline',
        'open_after', 'open_within', 'resolve_after', 'renotify_after', 'by_segment'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__alert_rules')) }}
{% endsnapshot %}
