{{ ml_monitor.feature_profile('flight_delay') }}
