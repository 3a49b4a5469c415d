"""A thousand random attacks on a bundle: every one is found and its place is named."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from ml_monitor.audit.verify import MANIFEST, canonical, chain_of, hashes_of, head_of, sha256, verify

ATTACKS = 500


def other(value: Any, chance: random.Random) -> Any:
    """A value of the same kind that differs, by as little as it can."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return (
            value + 1 if isinstance(value, int) or chance.random() < 0.5 or value * (1 + 1e-15) == value else value * (1 + 1e-15)
        )
    return value + " " if isinstance(value, str) else 0


def attack(lines: list[bytes], kind: str, chance: random.Random) -> tuple[list[bytes], str, set[int], str | None]:
    """The lines after an attack, what it is called, the rows where it may be found and the column."""
    changed = list(lines)
    row = chance.randrange(len(lines))
    if kind == "edit":
        cells = json.loads(lines[row])
        column = chance.choice(sorted(cells))
        cells[column] = other(cells[column], chance)
        changed[row] = canonical(cells)
        return changed, "altered", {row + 1}, column
    if kind == "deletion":
        del changed[row]
        return changed, "dropped", {row + 1}, None
    if kind == "copy":
        changed.insert(row, lines[row])
        return changed, "added", {row + 1, row + 2}, None
    second = chance.choice([one for one in range(len(lines)) if one != row])
    changed[row], changed[second] = changed[second], changed[row]
    return changed, "reordered", {row + 1, second + 1}, None


def cover_up(bundle: Path, name: str, manifest: dict[str, Any]) -> None:
    """What an attacker does who knows the format: hashes, chain, checksum and head made anew."""
    content = (bundle / "data" / f"{name}.jsonl").read_bytes()
    rows, columns = hashes_of(content.splitlines())
    table = {**manifest["tables"][name], "rows": rows, "columns": columns}
    if "chain" in table:
        table["chain"] = chain_of(rows)
    checksum = {"bytes": len(content), "sha256": sha256(content)}
    forged = {
        **manifest,
        "tables": {**manifest["tables"], name: table},
        "files": {**manifest["files"], f"data/{name}.jsonl": checksum},
    }
    (bundle / MANIFEST).write_bytes(canonical(forged | {"head": head_of(forged)}) + b"\n")


@pytest.mark.parametrize("covered", [False, True], ids=["plain", "covered up"])
def test_every_attack_is_found_and_located(exported: Path, tmp_path: Path, covered: bool) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(exported, bundle)
    witness = str(shutil.copyfile(exported / MANIFEST, tmp_path / "witness.json")) if covered else None
    original = (bundle / MANIFEST).read_bytes()
    manifest = json.loads(original)
    names = sorted(name for name, table in manifest["tables"].items() if len(table["rows"]) > 1)
    chance = random.Random(20260101 + covered)
    for number in range(ATTACKS):
        name = chance.choice(names)
        path = bundle / "data" / f"{name}.jsonl"
        before = path.read_bytes()
        kind = chance.choice(["edit", "deletion", "swap", "copy"])
        lines, called, rows, column = attack(before.splitlines(), kind, chance)
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        if covered:
            cover_up(bundle, name, manifest)
            assert verify(bundle) == [], "an attacker who leaves no trace in the bundle itself"
        found = [one for one in verify(bundle, witness) if one.file != MANIFEST]
        assert found, f"attack {number}: {kind} in {name} was not found"
        assert {one.file for one in found} == {f"data/{name}.jsonl"}
        assert {one.kind for one in found} == {called}, (number, kind, name, found)
        assert {one.row for one in found} <= rows and (len(found) == 2) == (kind == "swap"), (number, found)
        if column:
            assert [one.columns for one in found] == [(column,)]
        path.write_bytes(before)
        (bundle / MANIFEST).write_bytes(original)
    assert verify(bundle, witness) == []


def test_the_head_alone_detects_a_covered_attack(exported: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(exported, bundle)
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    path = bundle / "data" / "verdicts.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in path.read_bytes().splitlines()[1:]))
    cover_up(bundle, "verdicts", manifest)
    assert [one.file for one in verify(bundle, manifest["head"])] == [MANIFEST]


def test_a_chain_that_does_not_follow_from_its_rows(exported: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(exported, bundle)
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    manifest["tables"]["alert_events"]["chain"] = "0" * 64
    (bundle / MANIFEST).write_bytes(canonical(manifest | {"head": head_of(manifest)}) + b"\n")
    (found,) = verify(bundle)
    assert found.file == MANIFEST and "alert_events do not give the end of its chain" in found.detail
