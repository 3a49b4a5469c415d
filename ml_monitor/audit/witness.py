"""Seals that are kept where whoever can write the bundle cannot: numbered copies of its manifest, each over the one before."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_monitor.audit import canonical, verify
from ml_monitor.audit.errors import AuditError


@dataclass(frozen=True, slots=True)
class Seal:
    """A bundle that was sealed."""

    number: int
    path: Path
    head: str
    """Covers this bundle and, through `previous`, every seal before it."""


def seal(bundle: Path, witness: Path) -> Seal:
    """Add the seal of an intact bundle to the directory `witness`. Sealed twice is sealed once.

    Raises:
        AuditError: The bundle is not intact, or a seal in the directory was altered or dropped.
    """
    try:
        findings = verify.verify(bundle)
    except verify.Unreadable as error:
        raise AuditError(str(error)) from error
    if findings:
        raise AuditError(f"{bundle} is not intact, so it was not sealed: {findings[0]}")
    manifest = json.loads((bundle / verify.MANIFEST).read_bytes())
    known = seals(witness)
    for place, one in known:
        if one["bundle_head"] == manifest["head"]:
            return Seal(one["number"], place, one["head"])
    number, previous = len(known) + 1, known[-1][1]["head"] if known else None
    sealed = manifest | {"number": number, "previous": previous, "bundle_head": manifest["head"]}
    sealed["head"] = verify.head_of(sealed)
    path = witness / f"{number:06d}.json"
    try:
        witness.mkdir(parents=True, exist_ok=True)
        draft = witness / f".{path.name}.{os.getpid()}"
        draft.write_bytes(canonical.canonical(sealed).encode() + b"\n")
        try:
            # Unlike a rename it fails if somebody else sealed at the same time.
            os.link(draft, path)
        finally:
            draft.unlink()
    except OSError as error:
        raise AuditError(f"cannot write {path}: {error}") from error
    return Seal(number, path, sealed["head"])


def seals(witness: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The seals of a directory in their order.

    Raises:
        AuditError: One was altered, dropped or put in another's place.
    """
    found: list[tuple[Path, dict[str, Any]]] = []
    previous = None
    for number, path in enumerate(sorted(witness.glob("[0-9]*.json")), 1):
        try:
            one = json.loads(path.read_bytes())
            good = verify.head_of(one) == one["head"] and one["number"] == number and one["previous"] == previous
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            good = False
        if not good:
            raise AuditError(f"the seal {path} was altered, or one before it was dropped")
        previous = one["head"]
        found.append((path, one))
    return found
