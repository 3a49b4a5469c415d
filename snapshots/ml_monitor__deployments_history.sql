{% snapshot ml_monitor__deployments_history %}
{{ config(
    enabled=ml_monitor.any_retraining(),
    unique_key='deployment_id',
    strategy='check',
    check_cols=['model_version', 'previous_version', 'action', 'reason', 'actor'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__deployments')) }}
{% endsnapshot %}
