select * from {{ source('flights_raw', 'predictions') }}
