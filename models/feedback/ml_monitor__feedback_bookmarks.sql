{{ ml_monitor.ledger({
    'buffer_id': 'text',
    'last_sequence': 'bigint',
    'flushed_at': 'timestamp',
}) }}
