{{ ml_monitor.ledger({
    'action_id': 'text',
    'monitor': 'text',
    'rule': 'text',
    'relation': 'text',
    'keep_days': 'integer',
    'cutoff': 'timestamp',
    'n_rows': 'bigint',
    'first_at': 'timestamp',
    'last_at': 'timestamp',
    'actor': 'text',
    'acted_at': 'timestamp',
}) }}
{{ config(enabled=ml_monitor.any_declared('retention')) }}
