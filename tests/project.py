"""A throw-away dbt project, on DuckDB or PostgreSQL, that uses the package as a user would."""

import json
from copy import deepcopy
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pandas as pd
import pytest
import yaml
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from ml_monitor.scaffold.monitor import KINDS, OPTIONAL_KINDS

REPOSITORY = Path(__file__).parent.parent
# What leads to the alerts, without the reports: half of the models.
ALERTS = ("-s", "+ml_monitor__alert_states")
# What dbt reads of a project, and how a kept manifest names the database.
SOURCES = {".sql", ".yml", ".yaml", ".csv", ".md", ".py"}
DATABASE = "__the_database__"
FLIGHTS = REPOSITORY / "dbt_project" / "data" / "flights"

# What was parsed in this process: the files, the manifest and its JSON.
_parsed: dict[str, tuple[Manifest, str]] = {}


@dataclass
class Project:
    """A project directory with monitors, logs as tables of schema `raw`, and one DuckDB file."""

    directory: Path
    monitors: dict[str, Any]
    now: str = "2014-03-01 00:00:00"
    logs: dict[str, pd.DataFrame | Path] = field(default_factory=dict)
    name: str = "consumer"
    variables: dict[str, Any] = field(default_factory=dict)
    log_level: str = "none"
    # Whether a run writes the manifest with the compiled SQL, and its results: a tenth of the run.
    writes_artifacts: bool = False
    _manifest: Manifest | None = field(default=None, init=False)

    @property
    def database(self) -> Path:
        return self.directory / "warehouse.duckdb"

    def __post_init__(self) -> None:
        # A test that changes its project's monitors leaves those of the others alone.
        self.monitors = deepcopy(self.monitors)
        (self.directory / "models").mkdir(parents=True)
        (self.directory / "dbt_packages").mkdir()
        (self.directory / "dbt_packages" / "ml_monitor").symlink_to(REPOSITORY)
        (self.directory / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(REPOSITORY)}]}))
        self._write_profile()
        self.write_config()
        for name, log in self.logs.items():
            self.load(name, log)

    def write_config(self) -> None:
        """Write dbt_project.yml and the one-line models of every monitor."""
        self._manifest = None
        config = {
            "name": self.name,
            "profile": "consumer",
            "flags": {"send_anonymous_usage_stats": False},
            "models": {self.name: {"+schema": "ml_monitor"}},
            "vars": {"ml_monitor__monitors": self.monitors, "ml_monitor__now": self.now, **self.variables},
        }
        (self.directory / "dbt_project.yml").write_text(yaml.safe_dump(config, allow_unicode=True))
        for monitor in self.monitors:
            declared = self.monitors[monitor] or {}
            for kind in (*KINDS, *(kind for kind, key in OPTIONAL_KINDS.items() if declared.get(key))):
                model = self.directory / "models" / f"{monitor}__{kind}.sql"
                model.write_text(f"{{{{ ml_monitor.{kind}('{monitor}') }}}}\n")

    def _write_profile(self) -> None:
        outputs = {"consumer": {"target": "dev", "outputs": {"dev": self._output()}}}
        (self.directory / "profiles.yml").write_text(yaml.safe_dump(outputs))
        (self.directory / "models" / "sources.yml").write_text(
            yaml.safe_dump({"sources": [{"name": "raw", "schema": "raw", "tables": [{"name": n} for n in self.logs]}]})
        )

    def _output(self) -> dict[str, Any]:
        return {"type": "duckdb", "path": str(self.database), "schema": "main", "threads": 2}

    def load(self, name: str, log: pd.DataFrame | Path) -> None:
        """Replace `raw.<name>`."""
        with duckdb.connect(str(self.database)) as connection:
            connection.execute("create schema if not exists raw")
            if isinstance(log, Path):
                connection.execute(f"create or replace table raw.{name} as select * from read_parquet('{log}')")
            else:
                connection.register("frame", log)
                connection.execute(f"create or replace table raw.{name} as select * from frame")

    def execute(self, statement: str) -> None:
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(statement)

    def frame(self, query: str) -> pd.DataFrame:
        with duckdb.connect(str(self.database)) as connection:
            return connection.execute(query).df()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database)) as connection:
            return connection.execute(query).fetchall()

    def dbt(self, *arguments: str, now: str | None = None) -> dbtRunnerResult:
        """Run dbt in this process, parsing only when the configuration changed; `now` sets the monitoring clock."""
        variables = ["--vars", json.dumps({"ml_monitor__now": now})] if now else []
        if self._manifest is None and arguments[0] != "parse":
            parsed = self._parse()
            if not parsed.success:
                return parsed
            self._manifest = parsed.result
        if self._manifest is not None:
            self._point(self._manifest)
        return dbtRunner(manifest=self._manifest).invoke(
            [
                *arguments,
                *variables,
                "--project-dir",
                str(self.directory),
                "--profiles-dir",
                str(self.directory),
                "--quiet",
                "--no-use-colors",
                "--log-level-file",
                self.log_level,
                "--write-json" if self.writes_artifacts or arguments[0] != "run" else "--no-write-json",
            ]
        )

    def _parse(self) -> dbtRunnerResult:
        """The manifest: of an earlier project of this process with the same files, if there was one."""
        files = self._files()
        if files in _parsed:
            manifest, written = _parsed[files]
            (self.directory / "target").mkdir(exist_ok=True)
            (self.directory / "target" / "manifest.json").write_text(written.replace(DATABASE, self._database_name))
            return dbtRunnerResult(success=True, result=manifest)
        result = self.dbt("parse")
        if result.success:
            written = (self.directory / "target" / "manifest.json").read_text()
            _parsed[files] = result.result, written.replace(self._database_name, DATABASE)
        return result

    def _files(self) -> str:
        """All that dbt reads of the project, but for the clock, which every run is told, and where the warehouse is."""
        made = {"dbt_packages", "target", "logs"}
        files = {str(path.relative_to(self.directory)): path for path in sorted(self.directory.rglob("*")) if path.suffix in SOURCES}
        texts = {name: path.read_text() for name, path in files.items() if not made & set(Path(name).parts)}
        config, profiles = (yaml.safe_load(texts.pop(name)) for name in ("dbt_project.yml", "profiles.yml"))
        config.get("vars", {}).pop("ml_monitor__now", None)
        adapters = [[name, output["type"], output.get("schema")] for profile in profiles.values() for name, output in profile["outputs"].items()]
        return json.dumps([adapters, config, texts], default=str)

    @property
    def _database_name(self) -> str:
        return self.database.stem

    def _point(self, manifest: Manifest) -> None:
        """Let the manifest, which may have served another project, name this one's database."""
        for node in (*manifest.nodes.values(), *manifest.sources.values()):
            if node.database != self._database_name and node.database is not None:
                node.relation_name = (node.relation_name or "").replace(node.database, self._database_name) or None
                node.database = self._database_name

    def run(self, *arguments: str, now: str | None = None) -> None:
        """Run the models; raise with dbt's own words when one fails."""
        result = self.dbt("run", *arguments, now=now)
        assert result.success, failure(result)

    def error(self, *arguments: str) -> str:
        """The message of a run that must fail."""
        result = self.dbt("run", *arguments)
        assert not result.success, "the run was expected to fail"
        return failure(result)


def failure(result: dbtRunnerResult) -> str:
    """dbt's message: of the exception, or of the nodes that failed."""
    if result.exception:
        return str(result.exception)
    return "\n".join(f"{r.node.name}: {r.message}" for r in result.result if r.status in ("error", "fail"))


@dataclass
class PostgresProject(Project):
    """The same on a database of its own in a PostgreSQL server; `server` is an SQLAlchemy URL."""

    server: str = ""

    def __post_init__(self) -> None:
        self._url = make_url(self.server).set(database=f"monitoring_{uuid4().hex[:12]}")
        with create_engine(self.server, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text(f"create database {self._url.database}"))
        self._engine = create_engine(self._url, poolclass=NullPool)
        super().__post_init__()

    @property
    def _database_name(self) -> str:
        return str(self._url.database)

    def _output(self) -> dict[str, Any]:
        url = self._url
        login = {"host": url.host, "port": url.port, "user": url.username, "password": url.password or "", "dbname": url.database}
        return {"type": "postgres", **login, "schema": "main", "threads": 2}

    def load(self, name: str, log: pd.DataFrame | Path) -> None:
        frame = pd.read_parquet(log) if isinstance(log, Path) else log
        self.execute("create schema if not exists raw")
        with self._engine.begin() as connection:
            frame.head(0).to_sql(name, connection, schema="raw", index=False, if_exists="replace")
            rows = StringIO(frame.to_csv(index=False, header=False, na_rep="\\N"))
            with connection.connection.cursor() as cursor:
                cursor.copy_expert(f"copy raw.\"{name}\" from stdin with (format csv, null '\\N')", rows)

    def execute(self, statement: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement))

    def frame(self, query: str) -> pd.DataFrame:
        with self._engine.connect() as connection:
            return pd.read_sql(text(query), connection)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


@dataclass
class SparkProject(Project):
    """The same project on Spark."""

    session: Any = None

    def _write_profile(self) -> None:
        super()._write_profile()
        output = {"type": "spark", "method": "session", "host": "localhost", "schema": "main", "threads": 1}
        (self.directory / "profiles.yml").write_text(yaml.safe_dump({"consumer": {"target": "dev", "outputs": {"dev": output}}}))

    def load(self, name: str, log: pd.DataFrame | Path) -> None:
        assert isinstance(log, pd.DataFrame)
        file = self.directory / f"{name}.parquet"
        log.to_parquet(file, coerce_timestamps="us", allow_truncated_timestamps=True)
        self.session.sql("create schema if not exists raw")
        self.session.read.parquet(str(file)).write.mode("overwrite").saveAsTable(f"raw.{name}")

    def frame(self, query: str) -> pd.DataFrame:
        result = self.session.sql(query)
        return pd.DataFrame(result.collect(), columns=result.columns)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.sql(query).collect()]

    def execute(self, statement: str) -> None:
        self.session.sql(statement)


def project_on(warehouse: str, request: pytest.FixtureRequest, directory: Path, monitors: dict[str, Any], **options: Any) -> Project:
    """A project on `duckdb`, `postgres` or `spark`; the server is started when the first test asks for it."""
    if warehouse == "postgres":
        return PostgresProject(directory, monitors, server=request.getfixturevalue("postgres_url"), **options)
    if warehouse == "spark":
        return SparkProject(directory, monitors, session=request.getfixturevalue("spark"), **options)
    return Project(directory, monitors, **options)
