"""Was anything in this bundle altered, dropped, added or reordered? Needs nothing but Python.

    python verify.py                          the bundle agrees with its own manifest
    python verify.py --witness FILE_OR_HEAD   and with the manifest, or its head, that was kept elsewhere

Whoever can write the bundle can write its manifest and this file too: only a witness that was kept elsewhere, and a
`verify.py` from elsewhere, prove anything against them. Exit codes: 0 intact, 1 not intact, 2 cannot be read.
"""

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
_HEAD = re.compile(r"[0-9a-f]{64}")
_SHOWN = 200


@dataclass(frozen=True)
class Finding:
    """One difference between a bundle and what was sealed. Rows are counted from 1."""

    kind: str
    file: str
    row: int | None = None
    columns: tuple[str, ...] = ()
    detail: str = ""

    def __str__(self) -> str:
        place = self.file + (f", row {self.row}" if self.row else "")
        if self.columns:
            place += f", {'column' if len(self.columns) == 1 else 'one or more of the columns'} {', '.join(self.columns)}"
        return f"{self.kind}: {place}" + (f" ({self.detail})" if self.detail else "")


class Unreadable(Exception):  # noqa: N818 - says what happened
    """The bundle or the witness is not there or is none."""


def sha256(content: bytes) -> str:
    """The checksum of bytes."""
    return hashlib.sha256(content).hexdigest()


def canonical(content: Any) -> bytes:
    """The canonical bytes of JSON content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def head_of(manifest: dict[str, Any]) -> str:
    """The hash over a whole manifest, and so over everything in the bundle and the seals before it."""
    return sha256(canonical({key: value for key, value in manifest.items() if key != "head"}))


def chain_of(rows: Sequence[str]) -> str:
    """The end of the hash chain through the rows: each link hashes the one before it and its row."""
    link = sha256(b"")
    for row in rows:
        link = sha256(f"{link}{row}".encode())
    return link


def hashes_of(lines: Sequence[bytes]) -> tuple[list[str], dict[str, str]]:
    """A hash for each row and one for each column. A changed cell is where a changed row and a changed column meet."""
    columns: dict[str, Any] = {}
    for text in lines:
        for name, value in _cells(text).items():
            columns.setdefault(name, hashlib.sha256()).update(canonical(value) + b"\n")
    return [sha256(text) for text in lines], {name: digest.hexdigest() for name, digest in sorted(columns.items())}


def verify(bundle: Path, witness: str | None = None) -> list[Finding]:
    """Everything that differs from what was sealed; nothing if the bundle is intact.

    Raises:
        Unreadable: No bundle, no readable manifest, or no such witness.
    """
    manifest = _manifest(bundle / MANIFEST)
    findings: list[Finding] = []
    if head_of(manifest) != manifest.get("head"):
        findings.append(Finding("altered", MANIFEST, detail="its content does not give its head"))
    sealed = manifest
    if witness is not None and _HEAD.fullmatch(witness):
        if head_of(manifest) != witness:
            findings.append(Finding("altered", MANIFEST, detail=f"its head is not the one that was kept, {witness[:12]}…"))
    elif witness is not None:
        sealed = _manifest(Path(witness))
        if head_of(sealed) != sealed.get("head"):
            raise Unreadable(f"the witness {witness} was itself altered: its content does not give its head")
        # A numbered seal has a head of its own, over the seals before it too.
        expected = sealed.get("bundle_head", sealed["head"])
        if head_of(manifest) != expected:
            findings.append(Finding("altered", MANIFEST, detail=f"it is not the sealed one, {expected[:12]}…"))
    return findings + list(_compare(bundle, sealed))


def _compare(bundle: Path, sealed: dict[str, Any]) -> Iterator[Finding]:
    there = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if not path.is_dir() or path.is_symlink()}
    expected = sealed["files"]
    for name in sorted(there - set(expected) - {MANIFEST}):
        yield Finding("extra", name, detail="not sealed")
    for name, table in sorted(sealed["tables"].items()):
        if "chain" in table and chain_of(table["rows"]) != table["chain"]:
            yield Finding("altered", MANIFEST, detail=f"the row hashes of {name} do not give the end of its chain")
    tables = {f"data/{name}.jsonl": table for name, table in sealed["tables"].items()}
    for name in sorted(expected):
        if name not in there:
            yield Finding("missing", name)
            continue
        content = (bundle / name).read_bytes()
        if (bundle / name).is_symlink():
            yield Finding("altered", name, detail="a link, not a file")
        elif sha256(content) != expected[name]["sha256"]:
            located = list(_locate(name, content, tables[name])) if name in tables else []
            yield from located or [Finding("altered", name, detail="other bytes than were sealed")]


def _locate(file: str, content: bytes, table: dict[str, Any]) -> Iterator[Finding]:
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    sealed: list[str] = table["rows"]
    found, columns = hashes_of(lines)
    common = Counter(sealed) & Counter(found)
    kept_sealed, lost = _split(sealed, common)
    kept_found, new = _split(found, common)
    # A lost and a new row after the same number of untouched ones are one row that was changed.
    altered = []
    for place in lost.keys() & new.keys():
        while lost[place] and new[place]:
            altered.append((lost[place].pop(0), new[place].pop(0)))
    gone = sorted(row for rows in lost.values() for row in rows)
    added = sorted(row for rows in new.values() for row in rows)
    moved = [(was, now) for (was, one), (now, other) in zip(kept_sealed, kept_found, strict=True) if one != other]
    names = set(columns) | set(table["columns"])
    changed = tuple(sorted(name for name in names if columns.get(name) != table["columns"].get(name)))
    trusted = () if gone or added or moved else changed
    for was, now in sorted(altered):
        yield Finding("altered", file, was, trusted, _name(lines[now - 1], table["key"]))
    for row in gone:
        yield Finding("dropped", file, row, detail=_beside(lines, row, table["key"]))
    for row in added:
        yield Finding("added", file, row, detail=_name(lines[row - 1], table["key"]))
    for was, now in moved:
        yield Finding("reordered", file, now, detail=f"row {was} was sealed here; " + _name(lines[now - 1], table["key"]))


def _split(hashes: Sequence[str], common: "Counter[str]") -> tuple[list[tuple[int, str]], dict[int, list[int]]]:
    """The rows that are in both, and the others by how many of those stand before them. Rows count from 1."""
    left = Counter(common)
    kept: list[tuple[int, str]] = []
    others: dict[int, list[int]] = {}
    for row, one in enumerate(hashes, 1):
        if left[one]:
            left[one] -= 1
            kept.append((row, one))
        else:
            others.setdefault(len(kept), []).append(row)
    return kept, others


def _name(text: bytes, key: Sequence[str]) -> str:
    cells = _cells(text)
    return " ".join(f"{name}={cells.get(name)}" for name in key)[:_SHOWN] if cells else "no JSON object"


def _beside(lines: Sequence[bytes], row: int, key: Sequence[str]) -> str:
    return f"it stood before {_name(lines[row - 1], key)}" if row <= len(lines) else "it stood at the end"


def _cells(text: bytes) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise Unreadable(f"{path} does not exist. Expected: what `ml-monitor audit export` or `audit seal` made.") from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from None
    try:
        files, tables = manifest["files"], manifest["tables"]
        kinds = {"rows": list, "columns": dict, "key": list}
        good = all(isinstance(one["sha256"], str) for one in files.values())
        good = good and all(isinstance(one[part], kind) for one in tables.values() for part, kind in kinds.items())
        # Names come from a file that anybody may have written: none leads out of the bundle.
        good = good and not any(name.startswith("/") or ".." in Path(name).parts for name in files)
    except (KeyError, TypeError, AttributeError):
        good = False
    if not good:
        raise Unreadable(f"{path} is no manifest of an audit bundle")
    return dict(manifest)


def main() -> int:
    """Print the findings of the bundle that this file lies in."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--witness", help="the manifest, or its head, that was kept elsewhere")
    parser.add_argument("--json", action="store_true", help="one JSON object for programs")
    given = parser.parse_args()
    try:
        findings = verify(given.bundle, given.witness)
    except Unreadable as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps({"status": "altered" if findings else "intact", "findings": [asdict(one) for one in findings]}))
    else:
        print("\n".join(map(str, findings)) or "intact" + ("" if given.witness else ": as far as its own manifest tells"))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
