{% snapshot ml_monitor__model_versions_history %}
{{ config(
    enabled=ml_monitor.any_monitors(),
    unique_key=['monitor', 'model_version'],
    strategy='check',
    check_cols=['stage', 'artifact_sha256'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__model_versions')) }}
{% endsnapshot %}
