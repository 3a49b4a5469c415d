{{ ml_monitor.outcome_profile('flight_delay') }}
