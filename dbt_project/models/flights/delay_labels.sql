select
    feedback.prediction_id,
    delays.arrival_delay,
    feedback.labelled_at
from {{ source('flights_raw', 'feedback') }} as feedback
inner join {{ source('flights_raw', 'arrival_delays') }} as delays
    on feedback.prediction_id = delays.prediction_id
