"""What happens to runs and champions, as alert events: told by the same channels as every other."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

import hashlib
import json
from datetime import datetime

from ml_monitor.retraining.policy import Run
from ml_monitor.warehouse import Row, Session, Warehouse

ALL = "__all__"
_WORDS = {"failed": "failed", "interrupted": "waits", "overtaken": "promoted nobody"}


def raise_failure(session: Session, warehouse: Warehouse, run: Run, reason: str, now: datetime) -> None:
    """Append the event of a run's failure, in the transaction that records the failure: there is never one
    without the other. A run fails once, so it has one event."""
    _raise_of_run(session, warehouse, run, "failed", reason, now)


def raise_interruption(session: Session, warehouse: Warehouse, run: Run, reason: str, now: datetime) -> None:
    """Append the event of a run that waits for what is down. However often it is tried again, there is one."""
    _raise_of_run(session, warehouse, run, "interrupted", reason, now)


def raise_overtaken(session: Session, warehouse: Warehouse, run: Run, reason: str, now: datetime) -> None:
    """Append the event of a challenger that won against a champion which somebody has replaced meanwhile."""
    _raise_of_run(session, warehouse, run, "overtaken", reason, now)


def raise_event(
    session: Session,
    warehouse: Warehouse,
    *,
    monitor: str,
    metric: str,
    model_version: str,
    key: str,
    reason: str,
    started_at: datetime,
    now: datetime,
) -> None:
    """Append the opening event of an incident of the family `retraining`, once for each `key`.

    Args:
        session: The transaction that records what the event tells of.
        warehouse: Where the package tables are.
        monitor: Name of the monitor.
        metric: What it is about: `training_run`, `champion_guard`, `rollback`, `model_registry`.
        model_version: Version that it is about.
        key: Tells events of a metric apart.
        reason: In words.
        started_at: Begin of the time that it is about.
        now: Monitoring clock.
    """
    incident_id = _hash(f"{metric}|{key}")
    events = warehouse.table("alert_events")
    if session.query(f"select event_id from {events} where event_id = :id", {"id": incident_id}):
        return
    specs = session.query(f"select spec from {warehouse.table('monitors')} where monitor = :monitor", {"monitor": monitor})
    owner = json.loads(specs[0]["spec"]).get("owner") if specs else None
    session.insert(
        "alert_events",
        [
            {
                "event_id": incident_id,
                "incident_id": incident_id,
                "alert_key": f"{monitor}|{metric}|{model_version}",
                "monitor": monitor,
                "family": "retraining",
                "metric": metric,
                "feature": ALL,
                "segment": ALL,
                "segment_value": ALL,
                "model_version": model_version,
                "span": 1,
                "window_start": started_at,
                "window_end": now,
                "event_type": "opened",
                "severity": "alert",
                "reason": reason,
                "owner": owner,
                "created_at": now,
                "deliver_after": now,
            }
        ],
    )


def open_events(
    session: Session, warehouse: Warehouse, monitor: str, metric: str, model_version: str | None = None
) -> list[Row]:
    """The opening events of a monitor's incidents of a metric that have not ended, of one version or of all."""
    events = warehouse.table("alert_events")
    rows = session.query(
        f"select * from {events} as told where monitor = :monitor and metric = :metric and event_type = 'opened' and not exists "
        f"(select 1 from {events} as ended where ended.incident_id = told.incident_id and ended.event_type = 'resolved')",
        {"monitor": monitor, "metric": metric},
    )
    return [row for row in rows if model_version in (None, row["model_version"])]


def resolve_events(
    session: Session,
    warehouse: Warehouse,
    monitor: str,
    metric: str,
    *,
    reason: str,
    now: datetime,
    model_version: str | None = None,
) -> None:
    """End the incidents that `open_events` finds, with this reason, in the transaction that is the reason."""
    for told in open_events(session, warehouse, monitor, metric, model_version):
        ended = {
            "event_id": _hash(f"{told['incident_id']}|resolved"),
            "event_type": "resolved",
            "window_end": now,
            "reason": reason,
            "created_at": now,
            "deliver_after": now,
        }
        session.insert("alert_events", [{**told, **ended}])


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _raise_of_run(session: Session, warehouse: Warehouse, run: Run, what: str, reason: str, now: datetime) -> None:
    raise_event(
        session,
        warehouse,
        monitor=run.monitor,
        metric="training_run",
        model_version=run.candidate_version,
        key=f"{run.training_run_id}|{what}",
        reason=f"training run {run.training_run_id} {_WORDS[what]}: {reason}",
        started_at=run.started_at,
        now=now,
    )
