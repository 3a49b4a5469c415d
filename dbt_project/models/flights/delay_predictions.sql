select
    predictions.prediction_id,
    predictions.predicted_at,
    'd1' as model_version,
    predictions.sched_hour,
    predictions.distance,
    predictions.temp,
    predictions.wind_speed,
    predictions.precip,
    predictions.visib,
    predictions.carrier,
    predictions.origin,
    delays.predicted_delay
from {{ source('flights_raw', 'predictions') }} as predictions
inner join {{ source('flights_raw', 'arrival_delays') }} as delays
    on predictions.prediction_id = delays.prediction_id
