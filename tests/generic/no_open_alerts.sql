{% test no_open_alerts(model, monitor, severity='alert') %}
    {#- Fails while an alert of this severity or above is open. Put it on ml_monitor__alert_states. -#}
    select alert_key, monitor, metric, feature, segment, segment_value, state, opened_at, reason
    from {{ model }}
    where monitor = {{ ml_monitor.literal(monitor) }}
        and is_open
        and state in ({{ "'alert'" if severity == 'alert' else "'alert', 'warning'" }})
{% endtest %}
