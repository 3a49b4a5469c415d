{{ ml_monitor.outcome_profile('arrival_delay') }}
