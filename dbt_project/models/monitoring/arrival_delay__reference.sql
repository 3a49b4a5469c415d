{{ ml_monitor.reference('arrival_delay') }}
