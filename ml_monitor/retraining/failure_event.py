"""A failed training run as an alert event, told by the same channels as every other."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

import hashlib
import json
from datetime import datetime

from ml_monitor.retraining.policy import Run
from ml_monitor.warehouse import Session, Warehouse

ALL = "__all__"


def raise_failure(session: Session, warehouse: Warehouse, run: Run, reason: str, now: datetime) -> None:
    """Append the event of a run's failure, in the transaction that records the failure: there is never one
    without the other. A run fails once, so it has one event."""
    event_id = hashlib.sha256(f"training_run|{run.training_run_id}|failed".encode()).hexdigest()[:32]
    events = warehouse.table("alert_events")
    if session.query(f"select event_id from {events} where event_id = :id", {"id": event_id}):
        return
    specs = session.query(f"select spec from {warehouse.table('monitors')} where monitor = :monitor", {"monitor": run.monitor})
    owner = json.loads(specs[0]["spec"]).get("owner") if specs else None
    session.insert(
        "alert_events",
        [
            {
                "event_id": event_id,
                "incident_id": event_id,
                "alert_key": f"{run.monitor}|training_run|{run.candidate_version}",
                "monitor": run.monitor,
                "family": "retraining",
                "metric": "training_run",
                "feature": ALL,
                "segment": ALL,
                "segment_value": ALL,
                "model_version": run.candidate_version,
                "span": 1,
                "window_start": run.started_at,
                "window_end": now,
                "event_type": "opened",
                "severity": "alert",
                "reason": f"training run {run.training_run_id} failed: {reason}",
                "owner": owner,
                "created_at": now,
                "deliver_after": now,
            }
        ],
    )
