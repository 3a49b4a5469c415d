"""`feedback.yml` of the project: who may send what, how much, and what is taken out of it."""

import os
from collections import Counter
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ml_monitor.feedback.errors import FeedbackError
from ml_monitor.feedback.imports.spec import ImportName, ImportSpec
from ml_monitor.feedback.keys import ApiKey
from ml_monitor.feedback.redaction import TEXT_FIELDS, Redaction

FILE = "feedback.yml"
PEPPER = "ML_MONITOR_FEEDBACK_PEPPER"
_SHORTEST_PEPPER = 16


class FeedbackSettings(BaseModel):
    """How feedback is collected. It holds no secret: keys are hashes, the pepper comes from the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    buffer: Path = Path("feedback_buffer.db")
    keys: tuple[ApiKey, ...] = ()
    redact: dict[str, Redaction] = Field(default_factory=dict)
    origins: tuple[str, ...] = ()
    max_body_kb: int = Field(32, ge=1)
    max_batch: int = Field(1000, ge=1, le=10_000)
    max_batch_kb: int = Field(4096, ge=1)
    max_future_seconds: int = Field(300, ge=0)
    max_age_days: int = Field(400, ge=1)
    keep_hours: float = Field(24, ge=0)
    buffer_mb: int = Field(4096, ge=1)
    flush_seconds: float = Field(5, gt=0)
    imports: dict[ImportName, ImportSpec] = Field(default_factory=dict)

    @field_validator("redact")
    @classmethod
    def _redactable(cls, redact: dict[str, Redaction]) -> dict[str, Redaction]:
        for path in redact:
            if path not in TEXT_FIELDS and not path.startswith("payload.") and path != "payload":
                raise ValueError(f"cannot redact {path!r}. Allowed: {', '.join(TEXT_FIELDS)}, payload, payload.<path>.")
        if redact.get("payload") is Redaction.hash:
            raise ValueError("payload can be dropped, not hashed; a field of it, payload.<path>, can")
        return redact

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        for what in ("name", "sha256"):
            counts = Counter(getattr(key, what) for key in self.keys)
            if repeated := [value for value, count in counts.items() if count > 1]:
                raise ValueError(f"two keys have the {what} {repeated[0]!r}")
        return self

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            FeedbackError: It is missing, or something in it is not allowed.
        """
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            return cls.model_validate(content)
        except FileNotFoundError as error:
            raise FeedbackError(f"{path} does not exist. Start with `ml-monitor feedback key NAME --source SOURCE`.") from error
        except (OSError, yaml.YAMLError) as error:
            raise FeedbackError(f"cannot read {path}: {error}") from error
        except ValidationError as error:
            lines = [f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors()]
            raise FeedbackError(f"{path} is wrong: {'; '.join(lines)}") from error

    def pepper(self) -> bytes:
        """Key of the hashes that stand for personal data.

        Raises:
            FeedbackError: Something is to be hashed, and the environment has none or a short one.
        """
        pepper = os.environ.get(PEPPER, "")
        if Redaction.hash in self.redact.values() and len(pepper) < _SHORTEST_PEPPER:
            raise FeedbackError(f"redact hashes fields, so {PEPPER} must hold a secret of at least {_SHORTEST_PEPPER} characters")
        return pepper.encode()
