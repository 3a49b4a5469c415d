{{ ml_monitor.reference('flight_delay') }}
