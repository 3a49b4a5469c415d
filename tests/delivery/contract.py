"""The tables that dbt makes and delivery reads and writes."""

DDL = (
    "create schema ml_monitor",
    """
    create table ml_monitor.ml_monitor__alert_events (
        event_id text, alert_key text, incident_id text, monitor text, family text, metric text, feature text,
        segment text, segment_value text, model_version text, span integer, window_start timestamp,
        window_end timestamp, event_type text, severity text, metric_value double precision,
        threshold_value double precision, sample_size bigint, reason text, owner text, route text, created_at timestamp,
        deliver_after timestamp
    )
    """,
    """
    create table ml_monitor.ml_monitor__alert_deliveries (
        delivery_id text, event_id text, channel text, status text, attempts integer, claimed_by text,
        claimed_at timestamp, next_attempt_at timestamp, provider_reference text, error text,
        created_at timestamp, updated_at timestamp
    )
    """,
    """
    create table ml_monitor.ml_monitor__alert_delivery_attempts (
        attempt_id text, delivery_id text, event_id text, channel text, attempt integer, phase text,
        outcome text, response_code integer, error text, occurred_at timestamp
    )
    """,
    """
    create table ml_monitor.ml_monitor__alert_actions (
        action_id text, alert_key text, incident_id text, monitor text, action text, until_at timestamp,
        verdict text, note text, actor text, acted_at timestamp
    )
    """,
)
