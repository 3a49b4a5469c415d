"""The pieces of the benchmark, each measured on its own and kept, so that a run can be made of what there is time for."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from bench import full_year, report_size, statements, wide, wide_log
from bench.cost import Cost
from bench.peers import environments
from bench.wide import REPOSITORY, Wide
from tests.postgres_server import postgres_server
from tests.project import PostgresProject

# Running programs per core, from which on a measurement counts as disturbed: ours alone fills the cores.
BUSY = 2
RAW_ROWS = 10_000_000
SIZES = (100_000, 1_000_000, 10_000_000)
# Of one monitor.
FEATURES = (10, 100, 1000)


def _costs(costs: dict[str, Cost]) -> dict[str, Any]:
    return {name: asdict(cost) for name, cost in costs.items()}


def _first_day(days: int) -> pd.Timestamp:
    """Where a log of so many days begins that ends yesterday."""
    return wide_log.TODAY - pd.Timedelta(days=days)


def _first_week(start: pd.Timestamp) -> dict[str, str]:
    return {"from": f"{start:%Y-%m-%d}", "to": f"{start + pd.Timedelta(days=7):%Y-%m-%d}"}


def data_of(rows: int, cache: Path) -> Path:
    """The generated log of so many rows, made when it is first needed."""
    directory = cache / "data" / f"{rows}-{wide_log.START:%Y%m%d}"
    if not (directory / "ready").exists():
        directory.mkdir(parents=True, exist_ok=True)
        wide_log.write(directory, rows)
        (directory / "ready").touch()
    return directory


def year(directory: Path, cache: Path) -> dict[str, Any]:
    """The year of flights."""
    return _costs(full_year.measure(directory))


def raw_pass(directory: Path, cache: Path) -> dict[str, Any]:
    """The SQL of the feature profile over a log that was never read, and the scan of its columns."""
    start, daily = _first_day(wide_log.DAYS), RAW_ROWS // wide_log.DAYS
    project = Wide(directory / "project", {"reference": _first_week(start)})
    for first in range(0, RAW_ROWS, 1_000_000):
        project.load(wide_log.query(first, first + 1_000_000, daily, start), more=first > 0)
    scan = project.scan()
    project.dbt("run", "--select", "wide__reference")
    return _costs({"scan": scan, "profile": project.model("wide__feature_profile")}) | {"rows": RAW_ROWS}


def history(directory: Path, cache: Path) -> dict[str, Any]:
    """Statements of the warehouse for one day of 33,333 rows more, after 30 and after 365 days."""
    found: dict[str, Any] = {}
    daily = 33_333
    for days in (30, 365):
        # What lies further back is thinner: it is read by no statement that counts here, and a full year would be 12M rows.
        start = _first_day(days + 2)
        project = Wide(directory / f"days{days}", {"reference": _first_week(start)})
        project.load(wide_log.query(0, daily // 10 * days, daily // 10, start))
        project.dbt("build")
        for day in (days, days + 1):
            project.load(wide_log.query(day * daily, (day + 1) * daily, daily, start), more=True)
            project.dbt("build")
        work = project.statements()
        found[f"{days} days"] = sum(work.values())
        found[f"{days} days, largest"] = dict(sorted(work.items(), key=lambda item: -item[1])[:8])
    return found


def marts(directory: Path, cache: Path) -> dict[str, Any]:
    """Everything after the profiles, computed from nothing, for 365 days and three versions."""
    start, daily = _first_day(365), 300
    project = Wide(directory / "project", {"reference": _first_week(start)})
    project.load(wide_log.query(0, daily * 365, daily, start, versions=3))
    project.dbt("run")
    project.dbt("run", "--full-refresh", "--exclude", "wide__*")
    work = project.statements()
    with duckdb.connect(str(project.database)) as connection:
        values = connection.execute("select count(*) from main_ml_monitor.ml_monitor__metric_values").fetchall()[0][0]
    return {
        "seconds": sum(work.values()),
        "values": values,
        "largest": dict(sorted(work.items(), key=lambda item: -item[1])[:10]),
    }


def nodes(directory: Path, cache: Path) -> dict[str, Any]:
    """dbt's nodes and its own time for one monitor and for many, with nothing new to do."""
    few, many, start = 1, 11, _first_day(30)
    found = {}
    for count in (few, many):
        names = [f"m{i}" for i in range(count)]
        features = dict(list(wide_log.FEATURES.items())[:3])
        project = Wide(directory / f"monitors{count}", {"reference": _first_week(start), "features": features}, names)
        project.load(wide_log.query(0, 3000, 100, start))
        project.dbt("build")
        cost = project.dbt("build")
        found[count] = (
            statements.chain(project.directory / "target" / "manifest.json"),
            cost.wall - sum(project.statements().values()),
        )
    per_monitor = (found[many][0] - found[few][0]) / (many - few)
    return {
        "per monitor": per_monitor,
        "fixed": found[few][0] - per_monitor,
        "seconds per monitor": (found[many][1] - found[few][1]) / (many - few),
        "monitors": many,
    }


def features(directory: Path, cache: Path) -> dict[str, Any]:
    """Size of the generated SQL and cost of the profile's SQL with more and more numeric features, 100,000 rows."""
    found, start = {}, _first_day(9)
    for count in FEATURES:
        names = [f"n{i:04d}" for i in range(count)]
        project = Wide(
            directory / f"features{count}",
            {"reference": _first_week(start), "features": dict.fromkeys(names, "numeric")},
        )
        columns = ", ".join(f"random() as {name}" for name in names)
        project.load(
            f"select i::varchar as prediction_id, timestamp '{start}' + i * interval 1 second as predicted_at,"  # noqa: S608 - our names
            f" 'v1' as model_version, {columns}, random() as y_score, (i % 2)::integer as y_pred from range(100000) as rows (i)"
        )
        project.dbt("run", "--select", "wide__reference")
        sql = project.compiled("wide__feature_profile")
        cost = project.model("wide__feature_profile")
        found[str(count)] = {"bytes": len(sql.read_bytes()), "cpu": cost.cpu}
    return found


def labels(directory: Path, cache: Path) -> dict[str, Any]:
    """The outcome profile's SQL over 10M labelled rows, performance from it, and one day more after 1M and 10M rows."""
    found: dict[str, Any] = {}
    daily = 33_333
    monitor = {
        "features": {"n00": "numeric"},
        "feedback": "raw.feedback",
    }
    for days, name in ((30, "1M"), (300, "10M")):
        start = _first_day(days + 2)
        project = Wide(directory / f"days{days}", monitor | {"reference": _first_week(start)})
        log = wide_log.labelled_query(0, daily * days, daily, start)
        project.load(log)
        project.load(wide_log.feedback_query(0, daily * days, daily, start), "feedback")
        project.dbt("run")
        if days == 300:
            found |= _costs(
                {"profile": project.model("wide__outcome_profile"), "performance": project.model("ml_monitor__performance")}
            )
        project.load(wide_log.labelled_query(days * daily, (days + 1) * daily, daily, start), more=True)
        project.load(wide_log.feedback_query(days * daily, (days + 1) * daily, daily, start), "feedback", more=True)
        project.dbt("run")
        work = project.statements()
        found[f"one day, {name} rows of history"] = sum(work.values())
        found[f"one day, {name}, largest"] = dict(sorted(work.items(), key=lambda item: -item[1])[:8])
    return found


def memory(directory: Path, cache: Path, rows: int = 50_000_000) -> dict[str, Any]:
    """The profile of a log that is far larger than the memory DuckDB may use."""
    begin, daily = _first_day(wide_log.DAYS), rows // wide_log.DAYS
    project = Wide(directory / "project", {"reference": _first_week(begin)}, settings={"memory_limit": "2GB"})
    for first in range(0, rows, 1_000_000):
        project.load(wide_log.query(first, first + 1_000_000, daily, begin), more=first > 0)
    cost = project.dbt("run")
    return {
        "rows": rows,
        "outcome": f"finished in {cost.cpu:,.0f} CPU s, peak {cost.peak_mb:,.0f} MB",
        "size": (directory / "project" / "wide.duckdb").stat().st_size,
    }


def postgres(directory: Path, cache: Path, rows: int = 1_000_000) -> dict[str, Any]:
    """Statements of a PostgreSQL server for the first run on so many rows, and for one day more."""
    logs = directory / "logs"
    os.environ |= {"DBT_LOG_FORMAT_FILE": "json", "DBT_LOG_PATH": str(logs)}
    data = data_of(rows, cache)
    monitor = {
        "predictions": "raw.predictions",
        "reference": {"relation": "raw.reference"},
        "features": wide_log.FEATURES,
        "rolling": [7],
    }
    tables = {"reference": data / "reference.parquet", "predictions": data / "log"}
    found: dict[str, Any] = {}
    with postgres_server() as server:
        project = PostgresProject(
            directory / "project", {"wide": monitor}, now=str(wide_log.TODAY), logs=dict(tables), server=server, log_level="debug"
        )
        for name in ("build", "next day"):
            shutil.rmtree(logs, ignore_errors=True)
            project.run()
            work = statements.seconds(logs / "dbt.log")
            found[name] = sum(work.values())
            found[f"{name}, largest"] = dict(sorted(work.items(), key=lambda item: -item[1])[:8])
            project.load("next_day", data / "next_day.parquet")
            project.execute("insert into raw.predictions select * from raw.next_day")
    return found


def report(directory: Path, cache: Path) -> dict[str, Any]:
    """The report of a hundred monitors in a browser."""
    return report_size.measure()


PIECES: dict[str, Callable[[Path, Path], dict[str, Any]]] = {
    "year": year,
    "pass": raw_pass,
    "history": history,
    "marts": marts,
    "nodes": nodes,
    "features": features,
    "labels": labels,
    "memory": memory,
    "postgres": postgres,
    "report": report,
}


def measure(piece: str, cache: Path) -> dict[str, Any]:
    """Measure one piece: one of `PIECES`, `wide-<rows>`, or `<peer>-<rows>`.

    Raises:
        KeyError: There is no such piece.
    """
    name, _, rows = piece.partition("-")
    with tempfile.TemporaryDirectory(prefix="ml-monitor-bench-") as directory:
        if name == "wide" and rows:
            return _costs(wide.measure(Path(directory) / "project", data_of(int(rows), cache)))
        if name in environments.REQUIREMENTS and rows:
            return _costs({environments.NAMES[name]: environments.measure(name, cache, data_of(int(rows), cache))})
        return PIECES[piece](Path(directory), cache)


class Kept:
    """Results by piece, in a file that only this program writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read()

    def _read(self) -> None:
        kept = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.results: dict[str, dict[str, Any]] = kept.get("results", {})
        self.loads: dict[str, float] = kept.get("loads", {})

    @property
    def disturbed(self) -> set[str]:
        """Pieces that were measured while other programs used the machine: their CPU seconds are too many."""
        return {piece for piece, load in self.loads.items() if load > BUSY * (os.cpu_count() or 1)}

    def add(self, piece: str, result: dict[str, Any]) -> None:
        """Keep the newest result of a piece."""
        self._read()
        self.results[piece] = result
        self.loads[piece] = os.getloadavg()[1]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"results": self.results, "loads": self.loads}, indent=1))


__all__ = ["PIECES", "REPOSITORY", "SIZES", "Kept", "data_of", "measure"]
