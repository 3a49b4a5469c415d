"""Ours on the generated log: a whole first `dbt build`, one more day, and the scan of the same columns alone."""

import sys
from pathlib import Path

import duckdb
import yaml

from bench.cost import Cost, cost_of
from bench.wide_log import FEATURES
from ml_monitor.scaffold.monitor import KINDS

BUILD = "ours, whole `dbt build`, 30 windows"
REPOSITORY = Path(__file__).parent.parent
SCAN = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
columns = ", ".join(f'max("{name}")' for name in sys.argv[2].split(","))
connection.execute(f"select {columns} from raw.predictions").fetchall()
"""


class Wide:
    """A project with one monitor of 70 features on a DuckDB file."""

    def __init__(self, directory: Path, data: Path) -> None:
        self.directory, self.data = directory, data
        self.database = directory / "wide.duckdb"
        (directory / "models").mkdir(parents=True)
        monitor = {
            "predictions": "raw.predictions",
            "reference": {"relation": "raw.reference"},
            "features": FEATURES,
            "rolling": [7],
        }
        sources = {"sources": [{"name": "raw", "schema": "raw", "tables": [{"name": "predictions"}, {"name": "reference"}]}]}
        output = {"type": "duckdb", "path": str(self.database), "threads": 2}
        project = {"name": "wide", "profile": "wide", "vars": {"ml_monitor__monitors": {"wide": monitor}}}
        for name, content in {
            "packages.yml": {"packages": [{"local": str(REPOSITORY)}]},
            "profiles.yml": {"wide": {"target": "dev", "outputs": {"dev": output}}},
            "dbt_project.yml": project,
            "models/sources.yml": sources,
        }.items():
            (directory / name).write_text(yaml.safe_dump(content))
        for kind in KINDS:
            (directory / "models" / f"wide__{kind}.sql").write_text("{{ ml_monitor." + kind + "('wide') }}\n")
        with duckdb.connect(str(self.database)) as connection:
            connection.execute("create schema raw")
            for table, files in {"reference": "reference.parquet", "predictions": "log/*.parquet"}.items():
                connection.execute(f"create table raw.{table} as select * from read_parquet('{data / files}')")  # noqa: S608 - our names
        self.dbt("deps")

    def add_day(self) -> None:
        """Append the day after the thirty."""
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(f"insert into raw.predictions select * from read_parquet('{self.data / 'next_day.parquet'}')")  # noqa: S608

    def dbt(self, command: str) -> Cost:
        """Run dbt as a user does."""
        program = Path(sys.executable).parent / "dbt"
        return cost_of([program, command, "--quiet", "--project-dir", self.directory, "--profiles-dir", self.directory])

    def scan(self) -> Cost:
        """Read every feature once and do nothing with it."""
        return cost_of([sys.executable, "-c", SCAN, self.database, ",".join(FEATURES)])


def measure(directory: Path, data: Path) -> dict[str, Cost]:
    """The three figures of ours."""
    wide = Wide(directory, data)
    costs = {"scan of the columns (DuckDB)": wide.scan(), BUILD: wide.dbt("build")}
    wide.add_day()
    return costs | {"ours, the next day": wide.dbt("build")}
