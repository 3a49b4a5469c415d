{{ ml_monitor.feature_profile('arrival_delay') }}
