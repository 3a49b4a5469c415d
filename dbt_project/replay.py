"""The demo: the flights of 2013 replayed week by week, as they would have been monitored then.

Each week the serving system logs its predictions and the labels that have come in; dbt computes metrics, verdicts and
alerts; the alerts are delivered; and where the policy says so a model is trained, compared with the champion and promoted.
From then on the flights are scored with it, so that its effect is seen in the weeks that follow.
"""

# ruff: noqa: S608 - only names of the package's own tables are put into SQL

import json
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import duckdb
import joblib
import pandas as pd
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from flight_model import Hotfix
from rich.console import Console
from rich.table import Table

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import ConsoleChannel
from ml_monitor.alerts.incidents import incidents
from ml_monitor.report import write_report
from ml_monitor.retraining import champion, check_guards, load_model, register_version, retrain
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import Warehouse

PROJECT = Path(__file__).parent
FLIGHTS = PROJECT / "data" / "flights"
DATABASE = PROJECT / "flights.duckdb"
REPORT = PROJECT / "report.html"
START, END, STEP = datetime(2013, 4, 1), datetime(2014, 1, 2), timedelta(days=7)
THRESHOLD = 0.3
# A hotfix that the team forces past the comparison; it reads the wrong column of probabilities.
HOTFIX, FORCED = datetime(2013, 11, 4), "v2-hotfix"
# What a week's rows can change; the rest, and what only the report at the end reads, is left to the full builds.
CHANGING = [
    "config.materialized:incremental",
    "config.materialized:table",
    "ml_monitor__windows",
    "ml_monitor__retraining_triggers",
    "resource_type:snapshot",
]
UNCHANGING = [
    "tag:ml_monitor_ledger",
    "ml_monitor.registry",
    "*__reference",
    "ml_monitor__drift_contributions",
    "ml_monitor__label_nowcast",
    "ml_monitor__decisions",
    "ml_monitor__change_detection",
]
QUICK = ["--resource-type", "model", "--resource-type", "snapshot", "--no-write-json", "--log-level-file", "none"]
POLICY = DeliveryPolicy(minimum_severity={"console": "alert"})

console = Console(highlight=False)


class Dbt:
    """dbt in this process, parsed once."""

    def __init__(self) -> None:
        self.manifest: Manifest | None = None
        self.manifest = self("parse")

    def __call__(self, command: str, *arguments: str, now: datetime | None = None) -> Manifest | None:
        variables = ["--vars", json.dumps({"ml_monitor__now": f"{now:%Y-%m-%d %H:%M:%S}"})] if now else []
        result = dbtRunner(manifest=self.manifest).invoke(
            [command, *arguments, *variables, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--quiet"]
        )
        if not result.success:
            sys.exit(f"dbt {command} failed: {result.exception or 'see the messages above'}")
        return result.result if command == "parse" else None


class ServingSystem:
    """Writes the logs: the recorded predictions, or, once a retrained model is champion, that model's."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.predictions = pd.read_parquet(FLIGHTS / "predictions.parquet")
        self.feedback = pd.read_parquet(FLIGHTS / "feedback.parquet")
        with duckdb.connect(str(DATABASE)) as connection:
            connection.execute("create schema raw")
            for table in ("predictions", "feedback", "reference", "arrival_delays"):
                source = f"from read_parquet('{FLIGHTS / table}.parquet')"
                rows = "" if table in ("reference", "arrival_delays") else " limit 0"
                connection.execute(f"create table raw.{table} as select * {source}{rows}")

    def log(self, start: datetime, end: datetime, as_recorded: bool = False) -> None:
        """Append the predictions made and the labels that came in during [start, end)."""
        labels = self.feedback[(self.feedback["labelled_at"] >= start) & (self.feedback["labelled_at"] < end)]
        rows = self.predictions[(self.predictions["predicted_at"] >= start) & (self.predictions["predicted_at"] < end)]
        parts = [rows] if as_recorded else [self.served(part) for _, part in rows.groupby("model_version", sort=True)]
        with duckdb.connect(str(DATABASE)) as connection:
            for part in parts:
                connection.register("part", part)
                connection.execute("insert into raw.predictions select * from part")
            connection.register("labels", labels)
            connection.execute("insert into raw.feedback select * from labels")

    def served(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows as the champion of the moment scores them; a version new in the log is the team's own release."""
        recorded = rows["model_version"].iloc[0]
        if recorded == "v2" and not is_known(self.warehouse, recorded):
            released = rows["predicted_at"].min().to_pydatetime()
            release(self.warehouse, "flight_delay", recorded, released, "released by the flights team")
            console.print(f"  [cyan]release[/]  the team ships {recorded}")
        if rows["predicted_at"].min() >= HOTFIX and not is_known(self.warehouse, FORCED):
            self.force(rows["predicted_at"].min().to_pydatetime())
        serving = champion(self.warehouse, "flight_delay")
        if serving is None or serving.artifact_uri is None:
            return rows
        scores = load_model(self.warehouse, "flight_delay", serving.model_version, project_dir=PROJECT).predict_score(rows)
        return rows.assign(y_score=scores.round(6), y_pred=(scores >= THRESHOLD).astype(int), model_version=serving.model_version)

    def force(self, at: datetime) -> None:
        """The team puts a broken version into service, without a comparison."""
        runs = self.warehouse.table("training_runs")
        trained = self.warehouse.query(f"select max(candidate_version) as version from {runs} where status = 'promoted'")
        newest = trained[0]["version"]
        if newest is None:
            return
        file = PROJECT / "artifacts" / f"{FORCED}.joblib"
        joblib.dump(Hotfix(load_model(self.warehouse, "flight_delay", newest, project_dir=PROJECT)), file)
        release(self.warehouse, "flight_delay", FORCED, at, "hotfix, forced by the flights team", file)
        console.print(f"  [cyan]release[/]  the team forces {FORCED}")


def release(warehouse: Warehouse, monitor: str, version: str, at: datetime, reason: str, file: Path | None = None) -> None:
    """Make known that the team itself has put a version into service."""
    artifact = str(file) if file else None
    register_version(warehouse, monitor, version, now=at, reason=reason, actor="flights-team", artifact_uri=artifact)


def is_known(warehouse: Warehouse, version: str) -> bool:
    """Whether a version has been registered."""
    versions = warehouse.table("model_versions")
    return bool(warehouse.query(f"select 1 as known from {versions} where model_version = :version", {"version": version}))


def week(warehouse: Warehouse, start: datetime, now: datetime) -> None:
    """What monitoring did in a week: a line of figures, the alerts, a retraining."""
    verdicts, states = warehouse.table("verdicts"), warehouse.table("alert_states")
    figures = warehouse.query(
        f"""select
            max(case when metric = 'roc_auc' and span = 30 then metric_value end) as auc,
            count(case when metric = 'psi' and status in ('warning', 'alert') then 1 end) as drifted
        from {verdicts}
        where monitor = 'flight_delay'
            and window_end = (select max(window_end) from {verdicts} where monitor = 'flight_delay')"""
    )[0]
    still_open = warehouse.query(f"select count(*) as n from {states} where state = 'alert'")[0]["n"]
    serving = champion(warehouse, "flight_delay")
    console.print(
        f"[bold]{start:%d %b} to {now - timedelta(seconds=1):%d %b}[/]  champion {serving.model_version if serving else '-':<10}"
        f" AUC {figures['auc'] or float('nan'):.3f}  drifted {figures['drifted']:>2}  open alerts {still_open}"
    )
    for guard in check_guards(warehouse, "flight_delay", now=now, project_dir=PROJECT):
        if guard.status in ("rolled_back", "passed"):
            colour = "red" if guard.status == "rolled_back" else "green"
            console.print(f"  [{colour}]guard[/]    {guard.model_version} {guard.status}: {guard.reason}")
    deliver(warehouse, [ConsoleChannel()], POLICY, now, worker_id="demo")
    result = retrain(warehouse, "flight_delay", now=now, project_dir=PROJECT)
    if result.status != "skipped":
        colour = {"promoted": "green", "kept": "yellow"}.get(result.status, "red")
        console.print(f"  [{colour}]retrain[/]  {result.candidate_version} {result.status}: {result.reason}")


def table(title: str, *columns: str) -> Table:
    """An empty table."""
    shown = Table(title=title, title_justify="left")
    for column in columns:
        shown.add_column(column)
    return shown


def summary(warehouse: Warehouse) -> None:
    """The screen at the end: what drifted, how accuracy went, which alerts there were, who is champion and why."""
    title = "Drift of flight_delay: days on which a feature's last week was off, and the worst of them"
    drifted = table(title, "feature", "days", "worst PSI", "")
    for row in warehouse.query(
        f"""select feature, count(*) as days, max(metric_value) as worst, max_by(window_start, metric_value) as worst_at,
            max(case when reason like '%declared seasonal%' then 1 else 0 end) as seasonal
        from {warehouse.table("verdicts")}
        where monitor = 'flight_delay' and metric = 'psi' and status in ('warning', 'alert')
            and window_start >= '{START:%Y-%m-%d}'
        group by feature order by seasonal, days desc"""
    ):
        why = "seasonal: warned, not paged" if row["seasonal"] else ""
        drifted.add_row(row["feature"], str(row["days"]), f"{row['worst']:.2f} on {row['worst_at']:%d %b}", why)
    console.print(drifted)

    alerts = table("Alerts", "monitor", "what", "value then", "opened", "resolved")
    for row in warehouse.query(
        f"""select monitor, metric, feature, min(window_end) as opened, min_by(metric_value, window_end) as value_then,
            max(case when event_type = 'resolved' then window_end end) as resolved
        from {warehouse.table("alert_events")}
        where severity = 'alert'
        group by monitor, metric, feature, incident_id having min(window_end) > '{START:%Y-%m-%d}' order by opened"""
    ):
        what = row["metric"] + ("" if row["feature"] == "__all__" else f" of {row['feature']}")
        resolved = f"{row['resolved']:%d %b}" if row["resolved"] else "[red]open[/]"
        # What is told of a champion or a run has no value.
        value_then = "" if row["value_then"] is None else f"{row['value_then']:.3f}"
        alerts.add_row(row["monitor"], what, value_then, f"{row['opened']:%d %b}", resolved)
    console.print(alerts)

    accuracy = table("ROC AUC of flight_delay, 30 days up to the end of the month, 95 % interval", "month", "AUC", "", "n")
    for row in warehouse.query(
        f"""select window_end, metric_value as auc, lower_bound, upper_bound, sample_size
        from {warehouse.table("metric_values")}
        where monitor = 'flight_delay' and metric = 'roc_auc' and span = 30 and segment = '__all__' and model_version = '__all__'
            and window_end = date_trunc('month', window_end)
        order by window_end"""
    ):
        bar = "█" * round((row["auc"] - 0.5) * 100)
        figure = f"{row['auc']:.3f} [{row['lower_bound']:.3f}, {row['upper_bound']:.3f}]"
        accuracy.add_row(f"{row['window_end'] - timedelta(days=1):%b}", figure, bar, f"{row['sample_size']:,}")
    console.print(accuracy)

    models = table("Champions of flight_delay, and challengers that lost", "from", "version", "how", "why")
    for row in warehouse.query(
        f"""select effective_at, model_version, action, reason
        from {warehouse.table("deployments")} where monitor = 'flight_delay'
        union all
        select finished_at, candidate_version, 'kept out', reason from {warehouse.table("training_runs")}
        where monitor = 'flight_delay' and status = 'kept'
        order by effective_at"""
    ):
        models.add_row(f"{row['effective_at']:%d %b}", row["model_version"], row["action"], row["reason"])
    console.print(models)


def set_clock(end: datetime) -> None:
    """Let the project's clock stand where the replay ends, for who looks at it then with dbt, Dagster or the command line."""
    config = PROJECT / "dbt_project.yml"
    text = config.read_text()
    line = re.sub(r"(?m)^(  ml_monitor__now: ).*$", rf'\g<1>"{end:%Y-%m-%d %H:%M:%S}"', text)
    if line != text:
        # Whole or not at all: somebody may be reading it.
        changed = config.with_suffix(".new")
        changed.write_text(line)
        changed.replace(config)


def main(weeks: int | None = None) -> None:
    """Replay the year, or its first weeks, from an empty warehouse."""
    began = monotonic()
    end = END if weeks is None else min(START + weeks * STEP, END)
    for old in (DATABASE, REPORT, DATABASE.with_suffix(".duckdb.wal")):
        old.unlink(missing_ok=True)
    console.print(f"[bold]Replaying flights of 2013 on DuckDB, {START:%d %B} to {end:%d %B %Y}: two monitors[/]\n")
    if (PROJECT / "dbt_packages" / "ml_monitor").resolve() != PROJECT.parent.resolve():
        dbt_deps = dbtRunner().invoke(["deps", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--quiet"])
        if not dbt_deps.success:
            sys.exit(f"dbt deps failed: {dbt_deps.exception}")
    set_clock(end)
    warehouse = Warehouse(f"duckdb:///{DATABASE}")
    serving = ServingSystem(warehouse)
    serving.log(datetime(2013, 1, 1), START, as_recorded=True)
    dbt = Dbt()
    console.print("February and March are history: first build of all models, snapshots and tests")
    dbt("build", now=START)
    release(warehouse, "flight_delay", "v1", datetime(2013, 2, 1), "first model, accepted on February and March")
    release(warehouse, "arrival_delay", "d1", datetime(2013, 2, 1), "first model")
    start = START
    while start < end:
        now = min(start + STEP, end)
        serving.log(start, now)
        dbt("build", *QUICK, "--select", *CHANGING, "--exclude", *UNCHANGING, now=now)
        week(warehouse, start, now)
        start = now
    dbt("build", now=end)
    write_report(warehouse, REPORT, now=end, incidents=incidents(warehouse, DbtProject.load(PROJECT)))
    console.print()
    summary(warehouse)
    console.print(f"\nDone in {monotonic() - began:.0f} s. Look next at")
    console.print("  the report       dbt_project/report.html (open it in a browser)")
    console.print("  the Dagster UI   make dagster")
    console.print("  the tables       dbt_project/flights.duckdb, schema ml_monitor: any BI tool that reads DuckDB")
    if end < END:
        console.print("  the whole year   make demo-year: a challenger that loses, a bad promotion that is rolled back")


if __name__ == "__main__":
    asked = sys.argv[1:]
    if asked and not (len(asked) == 1 and asked[0].isdecimal() and int(asked[0]) > 0):
        sys.exit(f"replay.py [WEEKS]: a number of weeks from 1, not {' '.join(asked)}")
    main(*map(int, asked))
