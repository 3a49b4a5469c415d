{% test predicted_in_the_past(model, column_name) %}
    {#- Fails on rows with no time or one in the future: they are kept out of every window until their time comes. -#}
    select {{ ml_monitor.identifier(column_name) }}
    from {{ model }}
    where {{ ml_monitor.identifier(column_name) }} is null or {{ ml_monitor.identifier(column_name) }} > {{ ml_monitor.monitoring_now() }}
{% endtest %}
