"""A file of rows, read whole or refused: encodings, delimiters, headers."""

import csv
import difflib
import io
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ml_monitor.feedback.errors import FeedbackError

_MOST_BYTES = 512 * 1024 * 1024
_MOST_CELL = 1024 * 1024
_DELIMITERS = (",", ";", "\t", "|")
_MARKS = {b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32", b"\xef\xbb\xbf": "utf-8-sig"} | {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_NO_TABLES = {b"PK\x03\x04": "a spreadsheet or zip file", b"\xd0\xcf\x11\xe0": "an old Excel file", b"%PDF": "a PDF"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of what is imported."""

    place: str
    """Where it is, for messages."""
    cells: Mapping[str, str]
    """Text by column; what is empty is missing."""
    key: str | None = None
    """Name of the row where it came from, if it has one."""


def rows_of(raw: bytes, wanted: Collection[str], encoding: str, delimiter: str | None, name: str) -> list[Row]:
    """The rows of a CSV file, with the wanted columns alone.

    Args:
        raw: The file.
        wanted: Columns that must be there.
        encoding: A name that Python knows, or `auto`: a byte order mark, else UTF-8.
        delimiter: Between cells; None finds the one that makes the wanted columns.
        name: The file's name, for messages.

    Raises:
        FeedbackError: It is no table, its encoding is another one, a column is missing, or it is cut off.
    """
    text = _decoded(raw, encoding, name)
    table = _table(text, wanted, delimiter, name)
    header = [_plain(cell) for cell in table[0]]
    places = _places(header, wanted, name)
    rows = []
    for number, cells in enumerate(table[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            what = "a cell with the delimiter in it needs quotes" if len(cells) > len(header) else "is the file cut off?"
            raise FeedbackError(
                f"{name}, row {number}: {len(cells)} cells, but {len(header)} columns: {what} Nothing was imported."
            )
        found = {column: cells[place].strip() for column, place in places.items()}
        rows.append(Row(f"{name}, row {number}", {column: cell for column, cell in found.items() if cell}))
    return rows


def column_name(name: str) -> str:
    """A column's name without what nobody sees: line breaks, double spaces, kinds of accents."""
    return _plain(name)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split())


def _decoded(raw: bytes, encoding: str, name: str) -> str:
    if len(raw) > _MOST_BYTES:
        raise FeedbackError(f"{name} is larger than {_MOST_BYTES // 1024**2} MB: split it")
    if not raw.strip():
        raise FeedbackError(f"{name} is empty")
    if kind := next((kind for start, kind in _NO_TABLES.items() if raw.startswith(start)), None):
        raise FeedbackError(f"{name} is {kind}, no CSV: export the sheet as CSV")
    if raw[:200].lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise FeedbackError(f"{name} is a web page, no CSV: perhaps the page that asks to log in")
    found = encoding
    if encoding == "auto":
        found = next((kind for mark, kind in _MARKS.items() if raw.startswith(mark)), "utf-8")
        if found == "utf-8" and b"\x00" in raw[:1000]:
            guess = "utf-16-le" if raw[1:2] == b"\x00" else "utf-16-be"
            raise FeedbackError(f"{name} looks like UTF-16 without a byte order mark: say encoding: {guess}")
    try:
        text = raw.decode(found)
    except LookupError:
        raise FeedbackError(f"encoding {encoding!r} is unknown. Allowed: auto, utf-8, utf-16, latin-1, cp1252 …") from None
    except UnicodeError as error:
        where = f"byte {error.start} " if isinstance(error, UnicodeDecodeError) else ""
        hint = ": say encoding, often cp1252 or latin-1" if encoding == "auto" else ""
        raise FeedbackError(f"{name}: {where}is no {found}{hint}. Nothing was imported.") from None
    return text.removeprefix("\ufeff")


def _table(text: str, wanted: Collection[str], delimiter: str | None, name: str) -> list[list[str]]:
    """All cells; of several delimiters, that which makes most of the wanted columns."""
    first: list[tuple[int, int, str]] = []
    for order, one in enumerate((delimiter,) if delimiter else _DELIMITERS):
        header = next(_reader(text, one, name), [])
        first.append((len({_plain(cell) for cell in header} & set(wanted)), -order, one))
    return list(_reader(text, max(first)[2], name))


def _reader(text: str, delimiter: str, name: str) -> Iterator[list[str]]:
    csv.field_size_limit(_MOST_CELL)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise FeedbackError(f"{name} is no whole CSV file: {error}. Is it cut off? Nothing was imported.") from None


def _places(header: list[str], wanted: Collection[str], name: str) -> dict[str, int]:
    counts = Counter(header)
    for column in wanted:
        if counts[column] > 1:
            raise FeedbackError(f"{name} has {counts[column]} columns {column!r}: name them differently")
    if missing := [column for column in wanted if not counts[column]]:
        close = difflib.get_close_matches(missing[0], header, n=3, cutoff=0.5)
        hint = f" Did you mean {', '.join(map(repr, close))}?" if close else ""
        there = ", ".join(repr(column) for column in header[:30])
        lacks = f"{name} has no column {', '.join(map(repr, missing))}."
        raise FeedbackError(f"{lacks}{hint} It has {there}. Change columns in feedback.yml.")
    return {column: header.index(column) for column in wanted}
