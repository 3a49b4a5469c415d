{{ ml_monitor.ledger({
    'measurement_id': 'text',
    'source': 'text',
    'service': 'text',
    'measure': 'text',
    'measure_value': 'double',
    'measured_at': 'timestamp',
}) }}
