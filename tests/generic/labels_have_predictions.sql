{% test labels_have_predictions(model, predictions, prediction_id='prediction_id') %}
    {#- Fails on labels whose prediction was never logged. Put it on the feedback log. -#}
    select feedback.{{ ml_monitor.identifier(prediction_id) }}
    from {{ model }} as feedback
    left join {{ predictions }} as predictions
        on predictions.{{ ml_monitor.identifier(prediction_id) }} = feedback.{{ ml_monitor.identifier(prediction_id) }}
    where predictions.{{ ml_monitor.identifier(prediction_id) }} is null
{% endtest %}
