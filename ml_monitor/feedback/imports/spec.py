"""One import in `feedback.yml`: where rows come from, and which column says what."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from ml_monitor.feedback.event import Event

ImportName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
FIELDS = tuple(name for name in Event.model_fields if name not in {"feedback_id", "supersedes_feedback_id", "payload"})


class ImportType(StrEnum):
    """What the rows come from."""

    csv = "csv"
    google_forms = "google_forms"
    airtable = "airtable"


class ImportSpec(BaseModel):
    """How rows become events.

    A field of the event comes from a column (`columns`), in other words if `values` has them, or is the same for all
    rows (`fixed`). `payload.<name>` is a field too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ImportType
    source: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
    """Who is believed to speak, as in an API key."""
    columns: dict[str, str]
    fixed: dict[str, str | float] = Field(default_factory=dict)
    values: dict[str, dict[str, str | float]] = Field(default_factory=dict)
    needs: tuple[str, ...] = ()
    """Fields without which a row is not ready: it is left for a later import."""
    id: tuple[str, ...] = ()
    """Columns that name a row. With them a row that changed supersedes what it said before."""
    invalid: Literal["refuse", "skip"] = "refuse"
    timezone: str = "UTC"
    """Of times without an offset."""
    time_format: str | None = None
    """As strptime takes it; ISO 8601 without it."""

    path: str | None = None
    """File or pattern, from the project's directory."""
    encoding: str = "auto"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None

    base: str | None = None
    table: str | None = None
    view: str | None = None
    token_variable: str = "AIRTABLE_TOKEN"  # noqa: S105 - the name of a variable
    endpoint: str = "https://api.airtable.com"

    @field_validator("columns", "fixed")
    @classmethod
    def _known(cls, fields: dict[str, Any]) -> dict[str, Any]:
        for name in fields:
            if name not in FIELDS and not (name.startswith("payload.") and name != "payload."):
                raise ValueError(f"{name!r} is no field of an event. Allowed: {', '.join(FIELDS)}, payload.<name>.")
        return fields

    @field_validator("values", mode="before")
    @classmethod
    def _words(cls, values: Any) -> Any:
        for field, words in values.items() if isinstance(values, dict) else ():
            if isinstance(words, dict):
                if any(isinstance(word, bool) for word in words):
                    raise ValueError(f"{field}: put yes and no between quotes; YAML reads them as true and false")
                values = {**values, field: {str(word): value for word, value in words.items()}}
        return values

    @field_validator("id", mode="before")
    @classmethod
    def _one_or_more(cls, columns: Any) -> Any:
        return (columns,) if isinstance(columns, str) else columns

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is no time zone. Allowed: names such as Europe/Berlin.") from None
        return name

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if both := sorted(self.columns.keys() & self.fixed.keys()):
            raise ValueError(f"{both[0]} is in columns and in fixed: it can come from one of them")
        for name in ("monitor", "kind"):
            if name not in self.columns and name not in self.fixed:
                raise ValueError(f"{name} is neither in columns nor in fixed")
        for key, names in (("values", self.values), ("needs", self.needs)):
            if unknown := sorted(set(names) - self.columns.keys()):
                raise ValueError(f"{key}: {unknown[0]} is not in columns")
        airtable = self.type is ImportType.airtable
        if airtable and not (self.base and self.table):
            raise ValueError("an import from airtable needs base and table")
        own = {"base", "table", "view", "token_variable", "endpoint"} if not airtable else {"path", "encoding", "delimiter"}
        if strange := sorted(own & self.model_fields_set):
            raise ValueError(f"{strange[0]} does not fit type {self.type}")
        if airtable and self.id:
            raise ValueError("id does not fit type airtable: a record has an id of its own")
        return self
