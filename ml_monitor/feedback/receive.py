"""The decision about one event that came in: what is kept of it, or why it is refused. No effects."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson
from pydantic import ValidationError

from ml_monitor.feedback.buffer import Entry
from ml_monitor.feedback.event import Event, kept
from ml_monitor.feedback.keys import ApiKey
from ml_monitor.feedback.redaction import redact
from ml_monitor.feedback.settings import FeedbackSettings


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request, or one event of it, is not taken."""

    status: int
    message: str
    errors: tuple[dict[str, str], ...] = ()
    """Field by field: `where`, and `what` is wrong."""


@dataclass(frozen=True)
class Reception:
    """What decides about events, the same for the life of a server."""

    settings: FeedbackSettings
    monitors: frozenset[str]
    pepper: bytes
    secret: bytes

    def decide(self, content: Any, key: ApiKey, now: datetime) -> Entry | Refusal:
        """What to keep of an event.

        Args:
            content: The event as JSON was read.
            key: Whose it is.
            now: Wall clock, UTC without zone.
        """
        try:
            # From bytes, because only then times may be text in a strict model.
            event = Event.model_validate_json(orjson.dumps(content))
        except orjson.JSONEncodeError as error:
            return Refusal(422, f"not accepted: {error}")
        except ValidationError as error:
            return _invalid(error)
        if refusal := self._not_allowed(event, key) or self._bad_clock(event, now):
            return refusal
        said = event.model_dump(mode="json", exclude_none=True)
        if event.occurred_at is not None:
            occurred_at = event.occurred_at.astimezone(UTC).replace(tzinfo=None)
            said["occurred_at"] = occurred_at.isoformat()
        else:
            occurred_at = now
        canonical = orjson.dumps([key.source, said], option=orjson.OPT_SORT_KEYS)
        row = kept(redact(said, self.settings.redact, self.pepper), key.source, key.name, occurred_at, now)
        digest = blake2b(canonical, key=self.secret, digest_size=16).hexdigest()
        return Entry(event.feedback_id, digest, now, orjson.dumps(row))

    def _not_allowed(self, event: Event, key: ApiKey) -> Refusal | None:
        if not key.may_write(event.kind):
            return Refusal(403, f"the key {key.name} may not send {event.kind}. Its scopes: {', '.join(sorted(key.scopes))}.")
        monitors = self.monitors if key.monitors is None else self.monitors & key.monitors
        if event.monitor not in monitors:
            allowed = ", ".join(sorted(monitors)) or "none"
            return Refusal(422, "not accepted", ({"where": "monitor", "what": f"no monitor of that name. Allowed: {allowed}."},))
        return None

    def _bad_clock(self, event: Event, now: datetime) -> Refusal | None:
        if event.occurred_at is None:
            return None
        ahead = event.occurred_at - now.replace(tzinfo=UTC)
        if ahead > timedelta(seconds=self.settings.max_future_seconds):
            what = f"more than {self.settings.max_future_seconds} s after the server's clock, {now:%Y-%m-%dT%H:%M:%SZ}"
        elif ahead < -timedelta(days=self.settings.max_age_days):
            what = f"more than {self.settings.max_age_days} days ago"
        else:
            return None
        return Refusal(422, "not accepted", ({"where": "occurred_at", "what": what},))


def _invalid(error: ValidationError) -> Refusal:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    errors = ({"where": ".".join(map(str, one["loc"])) or "event", "what": one["msg"]} for one in found)
    return Refusal(422, "not accepted", tuple(errors))
