{% test no_open_alerts(model, monitor, at_least='alert') %}
    {#- Fails while an alert is open; with `at_least: warning` a warning too (`severity` is dbt's own word, for what a failure is). Put it on a
        model of your own, such as <monitor>__feature_profile: dbt lets a project attach tests to its own models only. -#}
    {%- do ml_monitor.monitor(monitor) %}
    {%- if at_least not in ['alert', 'warning'] -%}
        {%- do ml_monitor._config_error(monitor, 'no_open_alerts', tojson(at_least) ~ ' is not a state', ['alert', 'warning']) -%}
    {%- endif %}
    select alert_key, monitor, metric, feature, segment, segment_value, state, opened_at, reason
    from {{ ref('ml_monitor', 'ml_monitor__alert_states') }}
    where monitor = {{ ml_monitor.literal(monitor) }}
        and is_open
        and state in ({{ "'alert'" if at_least == 'alert' else "'alert', 'warning'" }})
{% endtest %}
