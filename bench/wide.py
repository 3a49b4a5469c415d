"""Ours on the generated log: a whole first `dbt build`, one more day, and the scan of the same columns alone."""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import yaml

from bench import statements
from bench.cost import Cost, cost_of
from bench.wide_log import FEATURES
from ml_monitor.scaffold.monitor import KINDS

SCAN_NAME, BUILD, NEXT_DAY = "scan of the columns (DuckDB)", "ours, whole `dbt build`, 30 windows", "ours, the next day"
REPOSITORY = Path(__file__).parent.parent
SCAN = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("set threads = 2")
connection.execute(f"select {sys.argv[2]} from raw.predictions").fetchall()
"""
MODEL = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("set threads = 2")
connection.execute("create or replace temp table measured as " + open(sys.argv[2], encoding="utf-8").read())
"""


class Wide:
    """A project with one monitor on a DuckDB file; by default that of 70 features.

    Args:
        directory: Of the project and its database, new.
        monitor: What differs from the monitor of the wide log.
        names: The monitors, all of them alike.
        settings: Of DuckDB, such as `memory_limit`.
    """

    def __init__(
        self,
        directory: Path,
        monitor: Mapping[str, Any] | None = None,
        names: Sequence[str] = ("wide",),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.database = directory / "wide.duckdb"
        (directory / "models").mkdir(parents=True)
        declared = {
            "predictions": "raw.predictions",
            "reference": {"relation": "raw.reference"},
            "features": FEATURES,
            "rolling": [7],
        } | dict(monitor or {})
        tables = [{"name": name} for name in ("predictions", "reference", "feedback")]
        output = {"type": "duckdb", "path": str(self.database), "threads": 2, "settings": {"threads": 2} | dict(settings or {})}
        project = {"name": "wide", "profile": "wide", "vars": {"ml_monitor__monitors": dict.fromkeys(names, declared)}}
        for name, content in {
            "packages.yml": {"packages": [{"local": str(REPOSITORY)}]},
            "profiles.yml": {"wide": {"target": "dev", "outputs": {"dev": output}}},
            "dbt_project.yml": project,
            "models/sources.yml": {"sources": [{"name": "raw", "schema": "raw", "tables": tables}]},
        }.items():
            (directory / name).write_text(yaml.safe_dump(content))
        for monitor_name in names:
            for kind in KINDS:
                (directory / "models" / f"{monitor_name}__{kind}.sql").write_text(
                    "{{ ml_monitor." + kind + f"('{monitor_name}')" + " }}\n"
                )
        with duckdb.connect(str(self.database)) as connection:
            connection.execute("create schema raw")
        self.dbt("deps")

    def load(self, query: str, table: str = "predictions", *, more: bool = False) -> None:
        """Make `raw.<table>` of a query, or append to it."""
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(f"insert into raw.{table} {query}" if more else f"create table raw.{table} as {query}")

    def load_files(self, data: Path) -> None:
        """The files of `wide_log.write`."""
        self.load(f"select * from read_parquet('{data / 'reference.parquet'}')", "reference")  # noqa: S608 - our names
        self.load(f"select * from read_parquet('{data / 'log' / '*.parquet'}')")  # noqa: S608 - our names

    def dbt(self, command: str, *arguments: str) -> Cost:
        """Run dbt as a user does."""
        program = Path(sys.executable).parent / "dbt"
        places = ["--project-dir", self.directory, "--profiles-dir", self.directory]
        shutil.rmtree(self.directory / "logs", ignore_errors=True)
        return cost_of(
            [program, "--log-format-file", "json", "--log-path", self.directory / "logs", command, "--quiet", *places, *arguments]
        )

    def statements(self) -> dict[str, float]:
        """Seconds of the warehouse in the last run, by model."""
        return statements.seconds(self.directory / "logs" / "dbt.log")

    def scan(self) -> Cost:
        """Read every column once: summed, because a maximum would be answered from the statistics of the table."""
        sums = [f'sum("{name}")' if kind == "numeric" else f'sum(strlen("{name}"))' for name, kind in FEATURES.items()]
        return cost_of([sys.executable, "-c", SCAN, self.database, ", ".join(sums)])

    def compiled(self, model: str) -> Path:
        """The SQL of a model for the whole of its input."""
        # Else it is printed.
        self.dbt("compile", "--full-refresh", "--select", model, "--log-level", "none")
        manifest = json.loads((self.directory / "target" / "manifest.json").read_text())
        (node,) = (node for node in manifest["nodes"].values() if node["name"] == model)
        return self.directory / node["compiled_path"]

    def model(self, model: str) -> Cost:
        """What the SQL of one model costs, without dbt, computed from nothing."""
        return cost_of([sys.executable, "-c", MODEL, self.database, self.compiled(model)])


def measure(directory: Path, data: Path) -> dict[str, Cost]:
    """The three figures of ours."""
    wide = Wide(directory)
    wide.load_files(data)
    costs = {SCAN_NAME: wide.scan(), BUILD: wide.dbt("build")}
    wide.load(f"select * from read_parquet('{data / 'next_day.parquet'}')", more=True)  # noqa: S608 - our names
    return costs | {NEXT_DAY: wide.dbt("build")}
