{{ ml_monitor.ledger({
    'monitor': 'text',
    'prediction_id': 'text',
    'reviewer': 'text',
    'status': 'text',
    'claimed_at': 'timestamp',
    'expires_at': 'timestamp',
    'updated_at': 'timestamp',
}) }}
{{- config(enabled=ml_monitor.any_declared('review')) }}
