{% snapshot ml_monitor__training_runs_history %}
{{ config(
    enabled=ml_monitor.any_retraining(),
    unique_key='training_run_id',
    strategy='check',
    check_cols=['status', 'step', 'reason', 'champion_version', 'candidate_version', 'error'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__training_runs')) }}
{% endsnapshot %}
