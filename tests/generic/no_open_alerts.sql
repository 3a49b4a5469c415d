{% test no_open_alerts(model, monitor, severity='alert') %}
    {#- Fails while an alert of this severity or above is open. Put it on a model of your own, such as <monitor>__feature_profile:
        dbt lets a project attach tests to its own models only. -#}
    select alert_key, monitor, metric, feature, segment, segment_value, state, opened_at, reason
    from {{ ref('ml_monitor', 'ml_monitor__alert_states') }}
    where monitor = {{ ml_monitor.literal(monitor) }}
        and is_open
        and state in ({{ "'alert'" if severity == 'alert' else "'alert', 'warning'" }})
{% endtest %}
