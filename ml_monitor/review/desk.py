"""What a reviewer is shown next, and what becomes of the answer. No page here."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

import hmac
import json
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from ml_monitor.feedback.errors import FeedbackError
from ml_monitor.feedback.event import Kind
from ml_monitor.feedback.keys import ApiKey
from ml_monitor.feedback.receive import Refusal
from ml_monitor.feedback.redaction import Redaction, redact
from ml_monitor.feedback.serve import Place
from ml_monitor.feedback.settings import FILE
from ml_monitor.review.claims import ReviewError, claim, release
from ml_monitor.settings import wall_clock
from ml_monitor.warehouse import MissingTable, Row, Warehouse, WarehouseError

_LOOKED_AT = 500
_UNNAMED = secrets.token_bytes(16)
_CHOICES = 60


@dataclass(frozen=True, slots=True)
class Item:
    """One prediction to look at. All of it is text of the log."""

    monitor: str
    prediction_id: str
    reason: str
    """Why it is asked."""
    facts: tuple[tuple[str, str], ...]
    """When, which version, what score, what the model says."""
    features: tuple[tuple[str, str], ...]
    model_version: str | None
    prediction: str | None
    is_held: bool = False
    """From the queue: nobody else is asked while this reviewer looks."""


@dataclass(frozen=True, slots=True)
class Empty:
    """There is nothing to look at, and why."""

    words: str
    can_browse: bool = False
    """Whether the newest predictions can be looked at instead."""


@dataclass(frozen=True)
class Desk:
    """The reviews of one project.

    Args:
        place: The project.
        key_name: The key of feedback.yml that answers are given with: its source, scopes and monitors hold.
        lock_timeout: Seconds to wait for a DuckDB file that another process holds.
    """

    place: Place
    key_name: str
    lock_timeout: float = 10.0

    @property
    def key(self) -> ApiKey:
        """The key.

        Raises:
            FeedbackError: It is not in feedback.yml, or may not say what reviewers say.
        """
        keys = {key.name: key for key in self.place.settings.keys}
        make = f"ml-monitor feedback key {self.key_name} --source reviewers --scope write:approval --scope write:correction"
        if self.key_name not in keys:
            known = ", ".join(keys) or "none"
            raise FeedbackError(f"{FILE} has no key {self.key_name!r}. Known: {known}. Make one: {make}")
        key = keys[self.key_name]
        for kind in (Kind.approval, Kind.correction):
            if not key.may_write(kind):
                raise FeedbackError(f"the key {key.name} may not send {kind}. Make one that may: {make}")
        return key

    def monitors(self) -> dict[str, dict[str, Any]]:
        """The resolved configuration of each monitor that the key may speak about.

        Raises:
            WarehouseError: The warehouse is locked or absent, or was never built.
        """
        warehouse, key = self._warehouse(), self.key
        rows = warehouse.query(f"select monitor, spec from {warehouse.table('monitors')} order by monitor")
        specs = {row["monitor"]: json.loads(row["spec"]) for row in rows}
        return {name: spec for name, spec in specs.items() if key.monitors is None or name in key.monitors}

    def choices(self, monitor: str) -> list[str]:
        """Labels and predictions that were seen of a monitor, the most frequent first; empty where there are too many."""
        warehouse = self._warehouse()
        profiles = warehouse.table("outcome_profiles")
        seen = " union all ".join(
            f"select {name} as said, n from {profiles} where monitor = :monitor" for name in ("label", "prediction")
        )
        said = f"select cast(said as varchar) as said, sum(n) as n from ({seen}) as seen where said is not null"
        query = f"{said} group by 1 order by 2 desc, 1"
        found = [_plain(row["said"]) for row in warehouse.query(query, {"monitor": monitor})]
        return found if len(found) <= _CHOICES else []

    def next(self, spec: Mapping[str, Any], reviewer: str, passed: Collection[str], *, browse: bool = False) -> Item | Empty:
        """What to look at next: the queue's first that is open, or without a queue the newest prediction.

        Args:
            spec: The monitor, of `monitors()`.
            reviewer: Who looks.
            passed: Predictions that were answered or skipped in this sitting.
            browse: Look at the newest predictions though there is a queue.
        """
        warehouse, name = self._warehouse(), spec["name"]
        done = {*passed, *self._answered(warehouse, name, reviewer)}
        queued = None if browse or not spec.get("review") else self._queue(warehouse, name)
        if queued is None:
            return self._newest(warehouse, spec, done)
        for row in queued:
            if row["prediction_id"] in done:
                continue
            found = self._logged(warehouse, spec, row["prediction_id"], row["predicted_at"])
            if found is not None and self._claim(name, row["prediction_id"], reviewer):
                return _item(spec, found, f"{row['reason']}, place {row['place']} of {row['queue_date']:%Y-%m-%d}", is_held=True)
        total = (
            "Every prediction in the queue is answered, skipped or with another reviewer." if queued else "The queue is empty."
        )
        return Empty(f"{total} dbt build fills it, as the monitor's review block says.", can_browse=True)

    def answer(
        self,
        item: Item,
        reviewer: str,
        feedback_id: str,
        *,
        label: str | None = None,
        comment: str | None = None,
    ) -> str | None:
        """Keep an answer durably: the right label, or approval without one. What is wrong with it, in words, or None.

        Raises:
            BufferUnavailable: The disk cannot take it now. Nothing was kept.
        """
        event = {
            "feedback_id": feedback_id,
            "monitor": item.monitor,
            "kind": Kind.approval if label is None else Kind.correction,
            "prediction_id": item.prediction_id,
            "model_version": item.model_version,
            "label": label,
            "comment": comment or None,
            "reviewer": reviewer,
        }
        with self.place.buffer() as buffer:
            said = {name: value for name, value in event.items() if value is not None}
            decided = self.place.reception(buffer).decide(said, self.key, wall_clock())
            if isinstance(decided, Refusal):
                return "; ".join(f"{error['where']}: {error['what']}" for error in decided.errors) or decided.message
            buffer.write([decided])
        self.let_go(item, reviewer, answered=True)
        return None

    def let_go(self, item: Item, reviewer: str, *, answered: bool = False) -> None:
        """Give a prediction of the queue back. If the warehouse is busy now, the claim ends by itself."""
        if item.is_held:
            with suppress(WarehouseError):
                warehouse = self._warehouse(read_only=False)
                release(warehouse, item.monitor, item.prediction_id, self._holder(reviewer), wall_clock(), answered=answered)

    def _claim(self, monitor: str, prediction_id: str, reviewer: str) -> bool:
        """Hold a prediction, so that no two reviewers look at it; whether it was free."""
        try:
            claim(self._warehouse(read_only=False), monitor, prediction_id, self._holder(reviewer), wall_clock())
        except ReviewError:
            return False
        return True

    def _holder(self, reviewer: str) -> str:
        """Who holds a prediction, as feedback.yml lets names be written down: a dropped one is nobody's after this process."""
        settings = self.place.settings
        if settings.redact.get("reviewer") is Redaction.drop:
            return hmac.new(_UNNAMED, reviewer.encode(), sha256).hexdigest()[:32]
        return str(redact({"reviewer": reviewer}, settings.redact, settings.pepper())["reviewer"])

    def _warehouse(self, *, read_only: bool = True) -> Warehouse:
        place = self.place
        return Warehouse.from_dbt(
            place.project_dir, place.target, place.profiles_dir, lock_timeout=self.lock_timeout, read_only=read_only
        )

    def _queue(self, warehouse: Warehouse, monitor: str) -> list[Row] | None:
        """What nobody has answered, in the order in which to ask, or None if this monitor has no queue."""
        query = f"""
            select prediction_id, predicted_at, reason, place, queue_date
            from {warehouse.table("review_queue")}
            where monitor = :monitor and status <> 'answered'
            order by queue_date desc, place limit {_LOOKED_AT}
        """
        try:
            return warehouse.query(query, {"monitor": monitor})
        except MissingTable:
            return None

    def _answered(self, warehouse: Warehouse, monitor: str, reviewer: str) -> set[str]:
        """What this reviewer has said something about, as far as the warehouse knows."""
        settings = self.place.settings
        stored = redact({"reviewer": reviewer}, settings.redact, settings.pepper())["reviewer"]
        query = f"""
            select distinct prediction_id from {warehouse.table("feedback_events")}
            where monitor = :monitor and client = :client and kind in ('approval', 'correction')
                and coalesce(reviewer, '') = :reviewer
        """
        try:
            rows = warehouse.query(query, {"monitor": monitor, "client": self.key_name, "reviewer": stored or ""})
        except MissingTable:
            return set()
        return {row["prediction_id"] for row in rows}

    def _newest(self, warehouse: Warehouse, spec: Mapping[str, Any], done: Collection[str]) -> Item | Empty:
        at = warehouse.quote(spec["predicted_at"])
        rows = warehouse.query(f"{_select(warehouse, spec)} where {at} is not null order by {at} desc limit {_LOOKED_AT}")
        for row in rows:
            if _plain(row[spec["prediction_id"]]) not in done:
                return _item(spec, row, "one of the newest: the monitor has no review queue")
        return Empty(f"The newest {len(rows)} predictions are answered or skipped." if rows else "The prediction log is empty.")

    def _logged(self, warehouse: Warehouse, spec: Mapping[str, Any], prediction_id: str, at: datetime | None) -> Row | None:
        """The row of the log; the queue tells when it was predicted, so that little of the log is read."""
        quote, day = warehouse.quote, timedelta(days=1)
        near = f" and {quote(spec['predicted_at'])} between :low and :high" if at is not None else ""
        query = f"{_select(warehouse, spec)} where cast({quote(spec['prediction_id'])} as varchar) = :id{near} limit 1"
        rows = warehouse.query(query, {"id": prediction_id} | ({"low": at - day, "high": at + day} if at is not None else {}))
        return rows[0] if rows else None


def _select(warehouse: Warehouse, spec: Mapping[str, Any]) -> str:
    """Of the log only what is declared, law 5."""
    names = dict.fromkeys([*_facts(spec).values(), *spec["features"]])
    return f"select {', '.join(map(warehouse.quote, names))} from {spec['predictions_relation'].replace(':', chr(92) + ':')}"


def _facts(spec: Mapping[str, Any]) -> dict[str, str]:
    """Name to column: what the log says of a prediction besides its features."""
    keys: tuple[str, ...] = ("prediction_id", "predicted_at", "model_version", "score", "prediction")
    if spec["task"] not in {"binary", "ranking"}:
        keys = tuple(key for key in keys if key != "score")
    return {key: spec[key] for key in keys if spec.get(key)}


def _item(spec: Mapping[str, Any], row: Row, reason: str, *, is_held: bool = False) -> Item:
    facts = {key: _plain(row[column]) for key, column in _facts(spec).items() if row[column] is not None}
    features = tuple((name, "" if row[name] is None else _plain(row[name])) for name in spec["features"])
    return Item(
        spec["name"],
        facts["prediction_id"],
        reason,
        tuple((key.replace("_", " "), text) for key, text in facts.items()),
        features,
        facts.get("model_version"),
        facts.get("prediction"),
        is_held,
    )


def _plain(cell: Any) -> str:
    if isinstance(cell, float):
        return f"{cell:.6g}"
    return f"{cell:%Y-%m-%d %H:%M:%S}" if isinstance(cell, datetime) else str(cell)
