{% snapshot ml_monitor__dataset_snapshots_history %}
{{ config(
    enabled=ml_monitor.any_retraining(),
    unique_key='dataset_snapshot_id',
    strategy='check',
    check_cols=['location', 'row_count', 'content_sha256', 'query', 'config'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__dataset_snapshots')) }}
{% endsnapshot %}
