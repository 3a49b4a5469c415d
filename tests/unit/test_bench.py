"""The headline goals of the benchmark: their figures from results, and what the page says of those that are not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench import goals, pieces, statements
from bench.__main__ import everything
from bench.peers import environments


def cost(cpu: float) -> dict[str, float]:
    return {"wall": cpu, "cpu": cpu, "peak_mb": 100.0}


RESULTS: dict[str, dict[str, Any]] = {
    "wide-100000": {goals.BUILD: cost(20), goals.NEXT_DAY: cost(15)},
    "wide-1000000": {goals.BUILD: cost(25), goals.NEXT_DAY: cost(10)},
    "wide-10000000": {goals.BUILD: cost(60), goals.NEXT_DAY: cost(20)},
    "numpy_psi-10000000": {environments.NAMES["numpy_psi"]: cost(500)},
    **{f"{peer}-{rows}": {name: cost(rows / 20_000)} for peer, name in environments.NAMES.items() for rows in (100_000, 1_000_000)},
    "pass": {"scan": cost(2), "profile": cost(19)},
    "history": {"30 days": 0.80, "365 days": 0.95},
    "features": {str(n): {"bytes": 50_000 + 700 * n, "cpu": 0.1 * n} for n in (10, 100, 1000)},
    "labels": {"profile": cost(4), "performance": cost(0.05), "one day, 1M rows of history": 1.0, "one day, 10M rows of history": 1.2},
}  # fmt: skip


def outcomes(results: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {line.split(" | ")[0].removeprefix("| "): line for line in goals.table(results).splitlines()[2:]}


def test_ratios_and_verdicts() -> None:
    lines = outcomes(RESULTS)
    thirty = next(line for what, line in lines.items() if "thirty reports" in what)
    assert "60.0 × (25.0 against 1500.0 CPU s) | met" in thirty
    nannyml = next(line for what, line in lines.items() if what.startswith("the next day against NannyML"))
    assert "5.0 ×" in nannyml
    assert "**missed**" in nannyml, "five times is not twenty"
    assert "9.5 ×" in next(line for what, line in lines.items() if what.startswith("raw-log pass"))
    assert "**missed**" in next(line for what, line in lines.items() if "flat" in what), "0.8 to 0.95 s is not flat within a tenth"
    assert "| met |" in next(line for what, line in lines.items() if "10M predictions" in what)
    features = next(line for what, line in lines.items() if what.startswith("features"))
    assert "up to 1,000: 0.68 KB of SQL per feature; 10 times the features from 100 on, 10.0 times the CPU | met" in features
    numpy = next(line for what, line in lines.items() if "numpy by hand" in what)
    assert "0.33 × at 100k rows (15.0 against 5.0 CPU s), 5.00 × at 1M rows (10.0 against 50.0 CPU s), 25.00 × at 10M rows (20.0 against 500.0 CPU s) | met" in numpy


def test_what_was_not_measured_says_so_and_names_its_command() -> None:
    lines = outcomes({})
    assert len(lines) == len(goals.GOALS)
    assert all("not measured" in line and "`python -m bench --only " in line for line in lines.values())


def test_every_piece_that_a_goal_needs_can_be_measured() -> None:
    known = {*everything(pieces.SIZES), *pieces.PIECES}
    assert {piece for goal in goals.GOALS for piece in goal.pieces} <= known


def test_statements_of_a_log(tmp_path: Path) -> None:
    events = [
        ("SQLQueryStatus", {"elapsed": 0.5, "node_info": {"node_name": "a"}}),
        ("SQLQueryStatus", {"elapsed": 0.25, "node_info": {"node_name": "a"}}),
        ("SQLQueryStatus", {"elapsed": 1.0}),
        ("SQLQuery", {"sql": "select 1"}),
    ]
    log = tmp_path / "dbt.log"
    log.write_text("\n".join(json.dumps({"info": {"name": name}, "data": data}) for name, data in events))
    assert statements.seconds(log) == pytest.approx({"a": 0.75, "": 1.0})


def test_results_are_kept_by_piece(tmp_path: Path) -> None:
    kept = pieces.Kept(tmp_path / "results.json")
    kept.add("pass", {"scan": cost(1)})
    pieces.Kept(tmp_path / "results.json").add("nodes", {"fixed": 40})
    again = pieces.Kept(tmp_path / "results.json")
    assert again.results.keys() == again.loads.keys() == {"pass", "nodes"}
    again.loads["pass"] = 99.0
    assert "pass" in again.disturbed
    assert "9.5 × (19.0 against 2.0 CPU s) †" in goals.table(RESULTS, again.disturbed)
