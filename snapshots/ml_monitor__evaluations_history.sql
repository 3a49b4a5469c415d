{% snapshot ml_monitor__evaluations_history %}
{{ config(
    enabled=ml_monitor.any_retraining(),
    unique_key='evaluation_id',
    strategy='check',
    check_cols=['champion_value', 'challenger_value', 'lower_bound', 'upper_bound', 'sample_size'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__evaluations')) }}
{% endsnapshot %}
