"""What a client may say: one event of feedback, as it comes in and as it is kept."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

import orjson
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints, model_validator

MOST_PAYLOAD_BYTES = 8192


class Kind(StrEnum):
    """What was said, or done."""

    rating = "rating"
    thumb = "thumb"
    approval = "approval"
    correction = "correction"
    requery = "requery"
    click = "click"
    dwell = "dwell"
    abandonment = "abandonment"
    complaint = "complaint"


_ABOUT_A_PREDICTION = {Kind.approval, Kind.correction}
_VALUES = {
    Kind.rating: (0.0, 100.0, "between 0 and 100"),
    Kind.dwell: (0.0, 31_536_000.0, "seconds, between 0 and a year"),
}


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000, which warehouses refuse")
    return text


def _small(payload: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(payload)) > MOST_PAYLOAD_BYTES:
        raise ValueError(f"must not be longer than {MOST_PAYLOAD_BYTES} bytes as JSON")
    return payload


_Text = Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(_storable)]
_Comment = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_storable)]
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{8,128}$")]


class Event(BaseModel):
    """One event of feedback. `feedback_id` is made by the client, the same in each attempt: it is the idempotency key."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    feedback_id: _Id = Field(description="Made by the client, best a UUID; the same when it sends the event again.")
    monitor: Annotated[str, StringConstraints(max_length=128)] = Field(description="A monitor of the project.")
    kind: Annotated[Kind, Field(strict=False, description="What was said, or done.")]
    prediction_id: _Text | None = Field(None, description="The prediction it is about; it may be logged later.")
    request_id: _Text | None = Field(None, description="The request it is about, where there is no single prediction.")
    model_version: _Text | None = Field(None, description="Version that the user saw, if known.")
    value: FiniteFloat | None = Field(None, description="rating: 0 to 100. thumb: 1 up, 0 down. dwell: seconds.")
    label: _Text | None = Field(None, description="correction: the right label.")
    comment: _Comment | None = Field(None, description="Free text. It is data: never HTML, never SQL.")
    reviewer: _Text | None = Field(None, description="Who said it.")
    occurred_at: Annotated[AwareDatetime, Field(strict=False)] | None = Field(
        None, description="When, ISO 8601 with an offset; the time of arrival without it."
    )
    supersedes_feedback_id: _Id | None = Field(None, description="The earlier event that this one takes the place of.")
    payload: Annotated[dict[str, Any], AfterValidator(_small)] | None = Field(
        None, description=f"Anything else, a JSON object of at most {MOST_PAYLOAD_BYTES} bytes."
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.prediction_id is None and (self.kind in _ABOUT_A_PREDICTION or self.request_id is None):
            other = "" if self.kind in _ABOUT_A_PREDICTION else " or request_id"
            raise ValueError(f"{self.kind} needs prediction_id{other}")
        if self.kind is Kind.correction and self.label is None:
            raise ValueError("correction needs label, the right one")
        if self.kind is Kind.thumb and self.value not in {0.0, 1.0}:
            raise ValueError("thumb needs value, 1 (up) or 0 (down)")
        low, high, allowed = _VALUES.get(self.kind, (None, None, ""))
        if low is not None and high is not None and (self.value is None or not low <= self.value <= high):
            raise ValueError(f"{self.kind} needs value, {allowed}")
        if self.supersedes_feedback_id == self.feedback_id:
            raise ValueError("supersedes_feedback_id must be another event's id")
        return self


COLUMNS = (
    "feedback_id",
    "supersedes_feedback_id",
    "monitor",
    "prediction_id",
    "request_id",
    "model_version",
    "kind",
    "value",
    "label",
    "comment",
    "reviewer",
    "source",
    "client",
    "payload",
    "occurred_at",
    "received_at",
)
"""Of `feedback_events`, as an event is kept in the buffer; `loaded_at` is added when it is flushed."""


def kept(event: dict[str, Any], source: str, client: str, occurred_at: datetime, received_at: datetime) -> dict[str, Any]:
    """An event as a row of the warehouse; times are UTC without zone, as everywhere in it.

    Args:
        event: The fields of an `Event`, after redaction.
        source: Who is believed to say it, from the key.
        client: Name of the key.
        occurred_at: UTC, without zone.
        received_at: UTC, without zone.
    """
    payload = event.get("payload")
    own = {
        "source": source,
        "client": client,
        "payload": None if payload is None else orjson.dumps(payload).decode(),
        "occurred_at": occurred_at,
        "received_at": received_at,
    }
    return {name: own[name] if name in own else event.get(name) for name in COLUMNS}
