{% snapshot ml_monitor__monitors_history %}
{{ config(
    enabled=ml_monitor.any_monitors(),
    unique_key='monitor',
    strategy='check',
    check_cols=['spec', 'code_version'],
    hard_deletes='new_record',
    dbt_valid_to_current="cast('9999-12-31' as timestamp)",
) }}
{{ ml_monitor.recorded(ref('ml_monitor__monitors')) }}
{% endsnapshot %}
