select * from {{ source('flights_raw', 'feedback') }}
