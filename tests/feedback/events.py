"""Feedback events as the flusher appends them, for tests of what is made of them."""

from itertools import count
from typing import Any

import pandas as pd

from tests.project import Project

EVENTS = "main_ml_monitor.ml_monitor__feedback_events"
_TEXTS = ("supersedes_feedback_id", "prediction_id", "request_id", "model_version", "label", "comment", "reviewer", "payload")
_numbers = count(1)


def event(kind: str, prediction_id: Any = None, *, at: str | pd.Timestamp, source: str = "users", **fields: Any) -> dict[str, Any]:
    """One row of `feedback_events` of the monitor `m`, said and received at `at` unless `occurred_at` says otherwise."""
    moment = pd.Timestamp(at)
    row = {"feedback_id": f"e{next(_numbers):06d}", "monitor": "m", "kind": kind, "value": None, "source": source, "client": "test"}
    times = {"occurred_at": moment, "received_at": moment, "loaded_at": moment}
    return row | dict.fromkeys(_TEXTS) | {"prediction_id": None if prediction_id is None else str(prediction_id)} | times | fields


def say(project: Project, events: list[dict[str, Any]]) -> None:
    """Append events to the ledger, which dbt has made."""
    frame = pd.DataFrame(events)
    project.load("said", frame)
    columns = ", ".join(frame.columns)
    texts = {*_TEXTS, "feedback_id", "monitor", "kind", "source", "client"}
    typed = {name: "text" if name in texts else "double precision" if name == "value" else "timestamp" for name in frame.columns}
    selected = ", ".join(f"cast({name} as {kind})" for name, kind in typed.items())
    project.execute(f"insert into {EVENTS} ({columns}) select {selected} from raw.said")
