select * from {{ source('flights_raw', 'reference') }}
