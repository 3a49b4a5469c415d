"""API keys: random, shown once, known afterwards by their hash alone."""

import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from ml_monitor.feedback.event import Kind

SCOPES = ("read", "write", *(f"write:{kind}" for kind in Kind))


def new_key() -> str:
    """A key of 256 random bits: too many to guess, so a plain hash keeps it."""
    return f"mlm_{secrets.token_urlsafe(32)}"


def hashed(key: str) -> str:
    """What the settings know of a key."""
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class ApiKey(BaseModel):
    """One client of the API: who it speaks for, and what it may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    source: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
    """Who is believed to say what comes with this key. The client cannot choose it: trust and priority hang on it."""
    scopes: frozenset[str]
    monitors: frozenset[str] | None = None
    """Monitors it may speak about; all without it."""
    rate: float = Field(100, gt=0)
    """Events per second."""
    burst: int = Field(200, ge=1)
    """Events at once."""

    @field_validator("scopes")
    @classmethod
    def _known(cls, scopes: frozenset[str]) -> frozenset[str]:
        if unknown := scopes - set(SCOPES):
            raise ValueError(f"unknown scopes {', '.join(sorted(unknown))}. Allowed: {', '.join(SCOPES)}.")
        return scopes

    def may_write(self, kind: Kind) -> bool:
        """Whether it may send events of a kind."""
        return "write" in self.scopes or f"write:{kind}" in self.scopes

    @property
    def may_read(self) -> bool:
        """Whether it may ask how the buffer does."""
        return "read" in self.scopes


class KeyRing:
    """The keys by their hash."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._keys = {key.sha256: key for key in keys}

    def find(self, authorization: str | None) -> ApiKey | None:
        """The client that an `Authorization: Bearer …` header names, or None. The hash is looked up, so time tells nothing."""
        scheme, _, key = (authorization or "").partition(" ")
        return self._keys.get(hashed(key.strip())) if scheme.lower() == "bearer" else None
