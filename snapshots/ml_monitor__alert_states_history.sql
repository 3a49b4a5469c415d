{% snapshot ml_monitor__alert_states_history %}
{{ config(
    enabled=ml_monitor.any_monitors(),
    unique_key='alert_key',
    strategy='check',
    check_cols=['state', 'incident_id'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__alert_states')) }}
{% endsnapshot %}
