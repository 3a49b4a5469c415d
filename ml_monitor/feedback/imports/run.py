"""An import: read everything, decide about every row, keep all of it in one commit or nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import orjson

from ml_monitor.feedback.buffer import Buffer, Entry, Known
from ml_monitor.feedback.errors import FeedbackError
from ml_monitor.feedback.imports.airtable import records
from ml_monitor.feedback.imports.rows import NotReady, Said, feedback_id, fields_of, row_ids
from ml_monitor.feedback.imports.spec import ImportSpec, ImportType
from ml_monitor.feedback.imports.tables import Row, column_name, rows_of
from ml_monitor.feedback.keys import ApiKey
from ml_monitor.feedback.receive import Reception, Refusal
from ml_monitor.feedback.redaction import Redaction

_SHOWN = 10
_FOREVER = 366 * 1000


@dataclass(frozen=True)
class Imported:
    """What an import did, in rows."""

    name: str
    rows: int = 0
    new: int = 0
    changed: int = 0
    """Known rows that say something else now: the new event supersedes the old one."""
    known: int = 0
    not_ready: int = 0
    """A field that they need is still empty."""
    skipped: tuple[str, ...] = field(default=())
    """Not valid, with the reason; only with `invalid: skip`."""

    @property
    def events(self) -> int:
        """How many events came of it."""
        return self.new + self.changed


def import_rows(
    name: str,
    spec: ImportSpec,
    reception: Reception,
    buffer: Buffer,
    directory: Path,
    now: datetime,
    *,
    file: Path | None = None,
    again: bool = False,
    dry_run: bool = False,
) -> Imported:
    """Bring the rows of one import into the buffer.

    Args:
        name: Of the import.
        spec: The import.
        reception: Decides about events, as for the API.
        buffer: Where they are kept, with the bookmark of the import, in one commit.
        directory: What `path` is relative to.
        now: Wall clock, UTC without zone.
        file: Read this one instead of `path`.
        again: Whatever the bookmark says, offer every row again. What is known stays once.
        dry_run: Keep nothing.

    Raises:
        FeedbackError: Something cannot be read or is not valid. Nothing was imported.
    """
    spec = spec.model_copy(update={"columns": {key: column_name(column) for key, column in spec.columns.items()}})
    spec = spec.model_copy(update={"id": tuple(map(column_name, spec.id))})
    bookmark = None if again else buffer.bookmark(name)
    mapping = sha256(spec.model_dump_json().encode()).hexdigest()
    pepper = reception.pepper if Redaction.hash in reception.settings.redact.values() else b""
    rows, after = _read(spec, directory, file, bookmark, mapping, now, pepper)
    if rows is None:
        return Imported(name)
    known = buffer.imported(name)
    entries, skipped, counts = _decided(name, spec, rows, known, reception, now, again, pepper)
    if skipped and spec.invalid == "refuse":
        more = f"\n… and {len(skipped) - _SHOWN} more" if len(skipped) > _SHOWN else ""
        raise FeedbackError(
            f"{len(skipped)} of {len(rows)} rows cannot be imported:\n" + "\n".join(skipped[:_SHOWN]) + more + "\nNothing was."
        )
    if not dry_run:
        buffer.write_import(name, after, now, entries)
    return Imported(name, len(rows), skipped=tuple(skipped), **counts)


def _read(
    spec: ImportSpec, directory: Path, file: Path | None, bookmark: str | None, mapping: str, now: datetime, pepper: bytes
) -> tuple[list[tuple[str, Row]] | None, str]:
    """The rows, or None if nothing can have changed, and the bookmark after them."""
    wanted = {*spec.columns.values(), *spec.id}
    if spec.type is ImportType.airtable:
        if file is not None:
            raise FeedbackError("this import reads Airtable, not a file. For a CSV of it, make an import of type csv.")
        before = orjson.loads(bookmark) if bookmark else {}
        since = datetime.fromisoformat(before["until"]) if before.get("mapping") == mapping else None
        found = records(spec, wanted, since)
        return _merged([found], spec, pepper), orjson.dumps({"mapping": mapping, "until": now.isoformat()}).decode()
    contents = _contents(spec, directory, file)
    digest = sha256(b"".join(sha256(raw).digest() for _, raw in contents)).hexdigest()
    after = orjson.dumps({"mapping": mapping, "sha256": digest}).decode()
    if after == bookmark:
        return None, after
    return _merged([rows_of(raw, wanted, spec.encoding, spec.delimiter, name) for name, raw in contents], spec, pepper), after


def _contents(spec: ImportSpec, directory: Path, file: Path | None) -> list[tuple[str, bytes]]:
    """The files, by name, read whole."""
    if file is None and spec.path is None:
        raise FeedbackError("this import has no path: name a file with --file")
    place = directory / Path(spec.path or "").expanduser()
    paths = [file] if file else sorted(Path(place.anchor).glob(str(place.relative_to(place.anchor))))
    if not paths:
        raise FeedbackError(f"no file {spec.path!r} in {directory}")
    try:
        return [(path.name, path.read_bytes()) for path in paths]
    except OSError as error:
        raise FeedbackError(f"cannot read {error.filename}: {error.strerror}") from error


def _merged(files: list[list[Row]], spec: ImportSpec, pepper: bytes) -> list[tuple[str, Row]]:
    """The rows of several exports, a row that is in more than one of them once: the last file's."""
    try:
        named = {name: row for rows in files for name, row in zip(row_ids(rows, spec, pepper), rows, strict=True)}
    except ValueError as error:
        raise FeedbackError(f"{error}. Nothing was imported.") from None
    return list(named.items())


def _decided(
    name: str,
    spec: ImportSpec,
    rows: list[tuple[str, Row]],
    known: dict[str, Known],
    reception: Reception,
    now: datetime,
    again: bool,
    pepper: bytes,
) -> tuple[list[tuple[str, Known, Entry]], list[str], dict[str, int]]:
    """Each row: an event to keep, known, not ready, or a problem."""
    key = ApiKey.model_validate({"name": f"import_{name}", "sha256": "0" * 64, "source": spec.source, "scopes": ["write"]})
    # What people wrote down years ago is no clock gone wrong.
    settings = reception.settings.model_copy(update={"max_age_days": _FOREVER})
    decides = Reception(settings, reception.monitors, reception.pepper, reception.secret)
    entries: list[tuple[str, Known, Entry]] = []
    problems: list[str] = []
    counts = dict.fromkeys(("new", "changed", "known", "not_ready"), 0)
    for row_id, row in rows:
        try:
            said = Said(row, row_id, fields_of(row, spec))
        except NotReady:
            counts["not_ready"] += 1
            continue
        except ValueError as error:
            problems.append(f"{row.place}: {error}")
            continue
        content, before = said.content(spec.source, pepper), known.get(row_id)
        counts["new" if before is None else "known" if before.content == content else "changed"] += 1
        if before is not None and before.content == content:
            if not again:
                continue
            state = before
        else:
            earlier = before.feedback_id if before else None
            state = Known(content, feedback_id(name, row_id, content, earlier), earlier)
        ids = {"feedback_id": state.feedback_id} | ({"supersedes_feedback_id": state.supersedes} if state.supersedes else {})
        decided = decides.decide({**said.fields, **ids}, key, now)
        if isinstance(decided, Refusal):
            problems.append(f"{row.place}: {_words(decided)}")
        else:
            entries.append((row_id, state, decided))
    return entries, problems, counts


def _words(refusal: Refusal) -> str:
    return "; ".join(f"{error['where']}: {error['what']}" for error in refusal.errors) or refusal.message
