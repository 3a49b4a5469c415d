{{ config(indexes=[{'columns': ['feedback_id'], 'unique': true}]) }}
{%- set columns = {
    'feedback_id': 'text',
    'supersedes_feedback_id': 'text',
    'monitor': 'text',
    'prediction_id': 'text',
    'request_id': 'text',
    'model_version': 'text',
    'kind': 'text',
    'value': 'double',
    'label': 'text',
    'comment': 'text',
    'reviewer': 'text',
    'source': 'text',
    'client': 'text',
    'payload': 'text',
    'occurred_at': 'timestamp',
    'received_at': 'timestamp',
    'loaded_at': 'timestamp',
} %}
{{ ml_monitor.ledger(columns) }}
{{ ml_monitor.events_of_feedback_tables(columns) }}
