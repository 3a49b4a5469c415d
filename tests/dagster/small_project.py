"""A small copy of the demo project with one month of flights, and the code location over it."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import yaml

ROOT = Path(__file__).parents[2]
NOW = "2013-03-01 00:00:00"
TRAINER = "tests.dagster.flight_trainer:train"

CHECKS = """
models:
  - name: delay_labels
    columns:
      - name: arrival_delay
        data_tests:
          - accepted_values:
              name: no_flight_is_late
              arguments: {values: [0], quote: false}
              config: {severity: "{{ env_var('FIXTURE_SEVERITY', 'warn') }}"}
  - name: flight_delay__feature_profile
    columns:
      - name: n
        data_tests:
          - not_null: {name: every_bin_is_counted}
"""

LABELS = """
select prediction_id, label, labelled_at from {{ source('flights_raw', 'feedback') }}
union all
select prediction_id, cast(label as integer), occurred_at from {{ ref('ml_monitor', 'ml_monitor__feedback_events') }}
where monitor = 'flight_delay' and kind = 'correction'
"""
FRESHNESS = {"loaded_at_field": "predicted_at", "freshness": {"warn_after": {"count": 24, "period": "hour"}}}
FEEDBACK = {
    "imports": {
        "form": {
            "type": "csv",
            "path": "form.csv",
            "source": "experts",
            "fixed": {"monitor": "flight_delay", "kind": "correction"},
            "columns": {"occurred_at": "Timestamp", "prediction_id": "Flight", "label": "Late?"},
            "values": {"label": {"yes": 1, "no": 0}},
        }
    }
}


def copy_project(directory: Path) -> Path:
    """Copy package and demo project, with a clock, a check and a retraining policy that the tests know."""
    package, project = directory / "package", directory / "project"
    package.mkdir()
    shutil.copy(ROOT / "dbt_project.yml", package)
    for folder in ("macros", "models", "snapshots", "tests/generic"):
        if (ROOT / folder).exists():
            shutil.copytree(ROOT / folder, package / folder)
    junk = shutil.ignore_patterns("target", "logs", "data", "dbt_packages", "*.duckdb*", "package-lock.yml")
    shutil.copytree(ROOT / "dbt_project", project, ignore=junk)
    (project / "packages.yml").write_text("packages:\n  - local: ../package\n")
    # In place of the demo's own tests: dbt wants one description per model.
    for described in ((project / "models" / "flights" / "flights.yml"), *(project / "models" / "monitoring").glob("*__*.yml")):
        described.unlink()
    (project / "models" / "monitoring" / "checks.yml").write_text(CHECKS)
    settings = yaml.safe_load((project / "dbt_project.yml").read_text())
    settings["vars"]["ml_monitor__now"] = NOW
    settings["vars"]["ml_monitor__log_metrics"] = ["wandb"]
    monitors = settings["vars"]["ml_monitor__monitors"]
    monitors["arrival_delay"]["reference"] = {"from": "2013-02-01", "to": "2013-02-11"}
    monitors["arrival_delay"].pop("retraining", None)
    monitors["flight_delay"]["min_rows"] = 50
    monitors["flight_delay"]["thresholds"] = {"psi": {"warn": 0.1, "alert": 0.25, "over": 1}}
    monitors["flight_delay"]["retraining"] = {
        "triggers": ["drift"],
        "cooldown_days": 28,
        "trainer": TRAINER,
        "holdout_days": 5,
        "promotion": "auto",
    }
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings, sort_keys=False))
    (project / "models" / "flights" / "flight_labels.sql").write_text(LABELS)
    (project / "feedback.yml").write_text(yaml.safe_dump(FEEDBACK))
    sources = yaml.safe_load((project / "models" / "flights" / "sources.yml").read_text())
    predictions = next(table for table in sources["sources"][0]["tables"] if table["name"] == "predictions")
    predictions |= {"loaded_at_field": FRESHNESS["loaded_at_field"], "config": {"freshness": FRESHNESS["freshness"]}}
    (project / "models" / "flights" / "sources.yml").write_text(yaml.safe_dump(sources))
    return project


def load_logs(path: Path) -> None:
    """Load February 2013 as the raw logs; in its second half every flight is longer, and every plane older, than in the reference."""
    data = ROOT / "dbt_project" / "data" / "flights"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema raw")
        connection.execute(
            f"create table raw.predictions as "
            f"select * from '{data}/predictions.parquet' where predicted_at < '{NOW}'"
        )
        connection.execute(
            "update raw.predictions set distance = distance + 9000, plane_year = plane_year - 40 "
            "where predicted_at >= timestamp '2013-02-15'"
        )
        for log in ("feedback", "arrival_delays"):
            connection.execute(
                f"create table raw.{log} as select * from '{data}/{log}.parquet' "
                "where prediction_id in (select prediction_id from raw.predictions)"
            )
        connection.execute(f"create table raw.reference as select * from '{data}/reference.parquet'")


@dataclass(frozen=True)
class Location:
    """A code location over the small project, and the instance that its runs are recorded in."""

    environment: dict[str, str]
    defs: dg.Definitions
    instance: dg.DagsterInstance

    @property
    def database(self) -> str:
        return self.environment["ML_MONITOR_DUCKDB"]

    def materialize(self, *names: str, **options: Any) -> dg.ExecuteInProcessResult:
        """Run the assets of these ops in this process."""
        keys = [key for name in names for key in self.keys_of(name)]
        job = self.defs.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(instance=self.instance, asset_selection=keys, **options)

    def keys_of(self, name: str) -> list[dg.AssetKey]:
        """The assets that the op `name` makes."""
        found = [
            d for d in self.defs.assets or [] if isinstance(d, dg.AssetsDefinition) and d.op.name == name
        ]
        return sorted(found[0].keys)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.database) as connection:
            return connection.execute(query).fetchall()


def prepare(directory: Path) -> dict[str, str]:
    """Make project and database; return the environment that the code location needs."""
    database = directory / "flights.duckdb"
    load_logs(database)
    return {
        "ML_MONITOR_PROJECT_DIR": str(copy_project(directory)),
        "ML_MONITOR_DUCKDB": str(database),
        "PYTHONPATH": str(ROOT),
    }
