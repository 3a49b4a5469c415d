"""The report, built from a DuckDB file and looked at with a browser that has no network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import duckdb
import jinja2
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from scipy.stats import binomtest

from ml_monitor.alerts.incidents import Incident, Suspect
from ml_monitor.audit import seal
from ml_monitor.audit.verify import canonical, head_of
from ml_monitor.report import write_report
from ml_monitor.warehouse import Warehouse
from tests.macros import macros

MODELS = Path(__file__).parents[2] / "models" / "report"
NOW = datetime(2013, 6, 1)
FIRST = datetime(2013, 2, 1)
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\"'&é漢"
MOST_BYTES = 1_500_000

KEYS = """
    monitor text, model_version text, segment text, segment_value text, feature text,
    window_start timestamp, window_end timestamp, span integer
"""
LIMITS = "direction text, warn_threshold double, alert_threshold double"
TABLES = {
    "monitors": """
        monitor text, description text, owner text, task text, window_unit text, min_rows bigint, label_delay bigint,
        edge_set_id text
    """,
    "features": "monitor text, feature text, feature_type text",
    "thresholds": f"monitor text, metric text, span integer, {LIMITS}",
    "metrics": "metric text, family text, unit text, direction text, target double, formula text, description text",
    "label_maturity": "monitor text, window_start timestamp, label_age bigint, label_coverage double",
    "metric_values": f"""
        {KEYS}, metric text, family text, metric_value double, sample_size bigint,
        lower_bound double, upper_bound double, label_coverage double
    """,
    "verdicts": f"""
        {KEYS}, metric text, family text, metric_value double, sample_size bigint, {LIMITS}, status text,
        reason text, minimum_detectable double
    """,
    "alert_states": """
        alert_key text, incident_id text, is_open boolean, metric_value double
    """,
    "alert_events": f"""
        {KEYS}, event_id text, alert_key text, incident_id text, metric text, family text, event_type text,
        severity text, metric_value double, threshold_value double, reason text, owner text,
        created_at timestamp
    """,
    "retraining_triggers": """
        trigger_key text, monitor text, trigger_kind text, metric text, feature text, reason text,
        raised_at timestamp
    """,
    "training_runs": """
        training_run_id text, monitor text, status text, reason text, error text, candidate_version text,
        started_at timestamp, finished_at timestamp
    """,
    "model_versions": "monitor text, model_version text, stage text, updated_at timestamp",
    "evaluations": """
        training_run_id text, monitor text, segment text, segment_value text, metric text, sample_size bigint,
        champion_version text, challenger_version text, champion_value double, challenger_value double,
        difference double, lower_bound double, upper_bound double, created_at timestamp
    """,
    "deployments": """
        deployment_id text, monitor text, model_version text, previous_version text, action text, reason text,
        training_run_id text, effective_at timestamp
    """,
    "outcome_profiles": """
        monitor text, segment text, outcome text, score double, window_start timestamp, window_number bigint,
        prediction double, label double, predicted_class text, actual_class text, n bigint, sum_score double, sum_label double,
        n_scored double
    """,
    "label_delays": "monitor text, quantity text, label_age bigint, next_age bigint, development_share double",
    "model_comparisons": """
        monitor text, champion text, challenger text, first_predicted_at timestamp, last_predicted_at timestamp, sample_size bigint, champion_loss double,
        challenger_loss double, loss_difference double, loss_error double, loss_p_value double, champion_roc_auc double, challenger_roc_auc double,
        roc_auc_difference double, roc_auc_error double, roc_auc_p_value double, only_champion_right bigint, only_challenger_right bigint,
        mcnemar_p_value double
    """,
    "performance_decomposition": """
        monitor text, segment text, segment_value text, metric text, span integer, window_start timestamp, window_end timestamp, baseline_share double,
        share double, baseline_value double, metric_value double, mix_effect double, rate_effect double, total_change double, sample_size bigint,
        baseline_size bigint
    """,
    "drift_contributions": f"""
        {KEYS}, bin integer, bin_label text, bin_kind text, reference_share double, window_share double,
        psi_contribution double
    """,
}
ALL = {"model_version": "__all__", "segment": "__all__", "segment_value": "__all__", "feature": "__all__"}


class Contract:
    """A DuckDB file with the tables of the contract, and the report views that dbt would make from them."""

    def __init__(self, path: Path) -> None:
        self.connection = duckdb.connect(str(path))
        self.connection.execute("create schema ml_monitor")
        for name, columns in TABLES.items():
            self.connection.execute(f"create table {self.table(name)} ({columns})")
        self._create_views()

    def _create_views(self) -> None:
        waiting = {model.stem: model.read_text() for model in MODELS.glob("*.sql")}
        context = {
            "config": lambda **_: "",
            "ref": lambda name: self.table(name.removeprefix("ml_monitor__")),
            "dbt": SimpleNamespace(type_string=lambda: "varchar", type_numeric=lambda: "double"),
            "ml_monitor": SimpleNamespace(
                any_monitors=lambda: True,
                type_double=lambda: "double",
                is_output=macros("monitors").is_output,
                settled_windows=macros("maturity").settled_windows,
                wilson_bound=macros("statistics").wilson_bound,
                compared_metrics=macros("comparison", "adapters").compared_metrics,
                is_small_cell=lambda n, monitor="monitor": "1 = 0",
                window_start_of=lambda moment, unit: f"cast(date_trunc('{unit}', {moment}) as timestamp)",
            ),
        }
        while waiting:
            for name, source in list(waiting.items()):
                if not any(other in source for other in waiting if other != name):
                    view = self.table(name.removeprefix("ml_monitor__"))
                    query = jinja2.Environment().from_string(source).render(context)
                    self.connection.execute(f"create view {view} as {query}")
                    del waiting[name]

    def table(self, name: str) -> str:
        return f'"ml_monitor"."ml_monitor__{name}"'

    def add(self, table: str, *rows: dict[str, Any]) -> None:
        if rows:
            frame = pd.DataFrame(list(rows))
            self.connection.register("added", frame)
            columns = ", ".join(frame.columns)
            self.connection.execute(f"insert into {self.table(table)} ({columns}) select {columns} from added")
            self.connection.unregister("added")

    def add_monitor(self, name: str = "flight_delay", **columns: Any) -> None:
        row = {
            "monitor": name,
            "description": "Will it be late?",
            "owner": "team",
            "task": "binary",
            "window_unit": "day",
        }
        self.add("monitors", {**row, "min_rows": 100, "label_delay": 2, "edge_set_id": "3f2a9c1e", **columns})


def window(day: int) -> dict[str, datetime]:
    return {"window_start": FIRST + timedelta(days=day), "window_end": FIRST + timedelta(days=day + 1)}


def verdict(monitor: str, day: int, metric: str, value: float, status: str, **columns: Any) -> dict[str, Any]:
    family = "performance" if metric == "roc_auc" else "drift" if metric == "psi" else "data_quality"
    row = {
        "monitor": monitor,
        **ALL,
        **window(day),
        "span": 7,
        "metric": metric,
        "family": family,
        "metric_value": value,
    }
    limits = {"direction": "above", "warn_threshold": 0.1, "alert_threshold": 0.25}
    return {
        **row,
        **limits,
        "sample_size": 500,
        "status": status,
        "reason": f"{metric} is {value}",
        **columns,
    }


def add_drift(warehouse: Contract, monitor: str, features: list[str], days: int) -> None:
    warehouse.add("features", *({"monitor": monitor, "feature": f, "feature_type": "categorical"} for f in features))
    for position, feature in enumerate(features):
        rows = []
        for day in range(days):
            value = 0.4 if position == 0 and day > days // 2 else 0.01 * position
            status, least = "alert" if value > 0.25 else "ok", 0.04 if day == days - 1 and position == 1 else 0.01
            rows.append(verdict(monitor, day, "psi", value, status, feature=feature, minimum_detectable=least))
        rows.append(verdict(monitor, days - 1, "unseen_rate", 0.3, "alert", feature=feature, span=1, reason=HOSTILE))
        warehouse.add("verdicts", *rows)
        for day in range(max(0, days - 9), days):
            warehouse.add("drift_contributions", *bins(monitor, feature, day))


def bins(monitor: str, feature: str, day: int) -> list[dict[str, Any]]:
    row = {"monitor": monitor, **ALL, **window(day), "span": 7, "feature": feature}
    values = [
        {**row, "bin": i, "bin_label": f"{HOSTILE} {i}\x07", "bin_kind": "category", "reference_share": 0.05}
        | {"window_share": 0.02 * i + 0.0001 * day, "psi_contribution": 0.01 * i}
        for i in range(1, 15)
    ]
    strip = {"bin_label": "missing", "bin_kind": "missing", "reference_share": 0.0, "window_share": 0.1}
    return [*values, {**row, "bin": -1, **strip, "psi_contribution": None}]


def add_performance(warehouse: Contract, monitor: str, days: int) -> None:
    limits = {"direction": "below", "warn_threshold": 0.64, "alert_threshold": 0.62}
    warehouse.add("thresholds", {"monitor": monitor, "metric": "roc_auc", "span": 30, **limits})
    warehouse.add("metrics", {"metric": "roc_auc", "family": "performance", "unit": "probability", "direction": "below"})
    values, verdicts = [], []
    for day in range(days):
        value = 0.60 + 0.001 * day
        status = "immature" if day > days - 6 else "alert" if value < 0.62 else "ok"
        row = verdict(monitor, day, "roc_auc", value, status, span=30, **limits)
        verdicts.append(row)
        measured = {k: v for k, v in row.items() if k not in (*limits, "status", "reason")}
        values.append({**measured, "lower_bound": value - 0.03, "upper_bound": value + 0.03, "label_coverage": 0.9})
    warehouse.add("verdicts", *verdicts)
    warehouse.add("metric_values", *values)


def add_alert(warehouse: Contract, monitor: str, feature: str, opened: int, resolved: int | None) -> None:
    key = f"{monitor}|psi|{feature}|{opened}"
    row = {"alert_key": key, "incident_id": key, "monitor": monitor, **ALL, "feature": feature, "span": 7}
    row |= {
        "metric": "psi",
        "family": "drift",
        "metric_value": 0.4,
        "threshold_value": 0.25,
        "reason": HOSTILE,
    }
    row |= {"owner": "team", "severity": "alert", "created_at": NOW}
    events = [{**row, "event_id": f"{key}|opened", "event_type": "opened", **window(opened)}]
    if resolved is not None:
        events.append({**row, "event_id": f"{key}|resolved", "event_type": "resolved", **window(resolved)})
    warehouse.add("alert_events", *events)


def add_history(warehouse: Contract, monitor: str) -> None:
    """One retraining that was promoted, one that was not."""
    may = datetime(2013, 5, 13)
    triggers = [("performance", may - timedelta(days=1)), ("schedule", may + timedelta(days=9))]
    warehouse.add(
        "retraining_triggers",
        *(
            {
                "trigger_key": kind,
                "monitor": monitor,
                "trigger_kind": kind,
                "metric": "roc_auc",
                "feature": "__all__",
            }
            | {"reason": f"{kind} asked for it", "raised_at": at}
            for kind, at in triggers
        ),
    )
    run = {"monitor": monitor, "error": None, "reason": HOSTILE}
    runs = [("run1", "promoted", "r20130513", may), ("run2", "kept", "r20130523", may + timedelta(days=10))]
    warehouse.add(
        "training_runs",
        *(
            {**run, "training_run_id": key, "status": status, "candidate_version": version}
            | {"started_at": at, "finished_at": at + timedelta(hours=1)}
            for key, status, version, at in runs
        ),
    )
    live = {"monitor": monitor, "training_run_id": None, "previous_version": None}
    warehouse.add(
        "deployments",
        {
            **live,
            "deployment_id": "1",
            "model_version": "v1",
            "action": "register",
            "reason": "first",
            "effective_at": FIRST,
        },
        {
            **live,
            "deployment_id": "2",
            "model_version": "r20130513",
            "action": "promote",
            "reason": "AUC +0.04",
            "effective_at": may,
        }
        | {"training_run_id": "run1"},
    )
    warehouse.add(
        "model_versions",
        {"monitor": monitor, "model_version": "r20130513", "stage": "champion", "updated_at": may},
    )
    warehouse.add(
        "evaluations",
        {
            "training_run_id": "run1",
            "monitor": monitor,
            "segment": "__all__",
            "metric": "roc_auc",
            "sample_size": 900,
        }
        | {"challenger_version": "r20130513", "challenger_value": 0.66, "champion_version": "v1", "champion_value": 0.62}
        | {"difference": 0.04, "lower_bound": 0.01, "upper_bound": 0.07, "created_at": may},
    )
    warehouse.add(
        "outcome_profiles",
        *(
            {
                "monitor": monitor,
                "segment": "__all__",
                "outcome": "labelled",
                "score": score / 20,
                "window_number": 1,
            }
            | {"window_start": FIRST, "n": 50, "sum_score": score * 2.5, "sum_label": score * 2.0}
            for score in range(1, 20)
        ),
    )


def add_outcomes(warehouse: Contract, monitor: str) -> None:
    """A confusion matrix, segments, what the scores promised, how labels came."""
    cell = {"monitor": monitor, "segment": "__all__", "outcome": "labelled", "window_number": 1, "window_start": FIRST}
    warehouse.add(
        "outcome_profiles",
        *(
            {**cell, "prediction": said, "label": was, "n": 60, "score": score, "sum_score": 60 * score, "sum_label": 60 * was}
            for said, score in ((0, 0.25), (1, 0.85))
            for was in (0, 1)
        ),
    )
    now = {
        "monitor": monitor,
        **ALL,
        **window(114),
        "span": 30,
        "metric": "roc_auc",
        "family": "performance",
        "sample_size": 300,
        "label_coverage": 0.9,
    }
    for place, value in (("JFK", 0.74), ("EWR", 0.6)):
        segment = {
            "segment": "origin",
            "segment_value": place,
            "metric_value": value,
            "lower_bound": value - 0.05,
            "upper_bound": value + 0.05,
        }
        warehouse.add("metric_values", {**now, **segment})
    windows = [{"monitor": monitor, **ALL, **window(day), "span": 30} for day in range(60, 120)]
    band = {"metric": "estimated_accuracy", "metric_value": 0.8, "lower_bound": 0.78, "upper_bound": 0.82, "sample_size": 900}
    warehouse.add("metric_values", *({**each, **band, "family": "estimated_performance"} for each in windows))
    realised = {"metric": "accuracy", "metric_value": 0.79, "label_coverage": 0.9, "family": "performance"}
    warehouse.add("metric_values", *({**each, **realised} for each in windows[:50]))
    shares = [0.4, 0.7, 0.9]
    delays = [{"label_age": age, "next_age": age + 1, "development_share": share} for age, share in enumerate(shares)]
    warehouse.add("label_delays", *({"monitor": monitor, "quantity": "labels", **each} for each in delays))
    triangle = [(day, age, share) for day in range(20) for age, share in enumerate(shares) if day + age < 20]
    warehouse.add(
        "label_maturity",
        *(
            {"monitor": monitor, "window_start": window(day)["window_start"], "label_age": age, "label_coverage": share}
            for day, age, share in triangle
        ),
    )


def add_differences(warehouse: Contract, monitor: str) -> None:
    """Two versions on the same rows, gaps between groups, and what explains a change of accuracy."""
    pair = {
        "monitor": monitor,
        "champion": "v1",
        "challenger": HOSTILE,
        "sample_size": 900,
        "only_champion_right": 20,
        "only_challenger_right": 50,
    }
    loss = {"champion_loss": 0.2, "challenger_loss": 0.19, "loss_difference": -0.01, "loss_error": 0.02, "loss_p_value": 0.6}
    area = {
        "champion_roc_auc": 0.7,
        "challenger_roc_auc": 0.75,
        "roc_auc_difference": 0.05,
        "roc_auc_error": 0.01,
        "roc_auc_p_value": 5e-7,
    }
    when = {"first_predicted_at": FIRST, "last_predicted_at": NOW, "mcnemar_p_value": 0.0003}
    warehouse.add("model_comparisons", {**pair, **loss, **area, **when})
    now = {"monitor": monitor, **ALL, **window(114), "span": 30, "family": "performance", "sample_size": 300}
    gaps = {"selection_rate_gap": (0.02, 0.05), "tpr_gap": (-0.2, 0.05), "fpr_gap": (0.01, 0.03), "ppv_gap": (0.0, 0.1)}
    for metric, (gap, half) in gaps.items():
        for group, sign in ((HOSTILE, 1), ("other", -1)):
            bounds = {"metric_value": sign * gap, "lower_bound": sign * gap - half, "upper_bound": sign * gap + half}
            warehouse.add("metric_values", {**now, "segment": "sex", "segment_value": group, "metric": metric, **bounds})
    alert = {
        "direction": "both",
        "alert_threshold": 0.1,
        "status": "alert",
        "reason": HOSTILE,
        "metric": "tpr_gap",
        "metric_value": -0.2,
    }
    warehouse.add("verdicts", {**now, "segment": "sex", "segment_value": HOSTILE, **alert})
    change = {
        "monitor": monitor,
        "metric": "accuracy",
        **window(114),
        "span": 30,
        "sample_size": 300,
        "baseline_size": 280,
        "total_change": -0.045,
    }
    values = {
        "JFK": (0.3, 0.5, 0.8, 0.78, -0.02, -0.008),
        "EWR": (0.5, 0.4, 0.9, 0.85, 0.01, -0.02),
        HOSTILE: (0.2, 0.1, 0.7, 0.75, -0.015, 0.008),
    }
    names = ("baseline_share", "share", "baseline_value", "metric_value", "mix_effect", "rate_effect")
    for value, numbers in values.items():
        effects = dict(zip(names, numbers, strict=True))
        warehouse.add("performance_decomposition", {**change, "segment": "origin", "segment_value": value, **effects})


def add_classes(warehouse: Contract, monitor: str) -> None:
    """Scores of three classes, each against all others; the second hides in markup."""
    row = {"monitor": monitor, "segment": "__all__", "outcome": "class_score", "window_number": 1, "window_start": FIRST, "n": 0}
    cells = [("cat", 0.15, 90, 10), ("cat", 0.95, 4, 36), (HOSTILE, 0.45, 30, 30), ("", 0.05, 200, 2)]
    for name, score, others, own in cells:
        for actual, n in ((None, others), (name, own)):
            warehouse.add(
                "outcome_profiles", {**row, "predicted_class": name, "score": score, "actual_class": actual, "n_scored": n}
            )


def fill(warehouse: Contract) -> None:
    """Two monitors and a year's worth of trouble in four months."""
    features = [HOSTILE, *(f"feature_{i}" for i in range(19))]
    warehouse.add_monitor()
    add_drift(warehouse, "flight_delay", features, 120)
    add_performance(warehouse, "flight_delay", 120)
    add_history(warehouse, "flight_delay")
    add_outcomes(warehouse, "flight_delay")
    add_differences(warehouse, "flight_delay")
    for position, feature in enumerate(features[:14]):
        add_alert(warehouse, "flight_delay", feature, 10 * position % 100, None if position < 3 else 110)
    warehouse.add_monitor("arrival_delay", task="regression", description=HOSTILE)
    add_drift(warehouse, "arrival_delay", ["distance", "carrier"], 130)
    warehouse.add_monitor("kind", task="multiclass")
    add_classes(warehouse, "kind")


def report(directory: Path, fill: Callable[[Contract], None], **options: Any) -> Path:
    """The report of a warehouse that `fill` has filled."""
    path = directory / "warehouse.duckdb"
    contract = Contract(path)
    fill(contract)
    contract.connection.close()
    return write_report(Warehouse(f"duckdb:///{path}"), directory / "out" / "report.html", now=NOW, **options)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(tmp_path_factory.mktemp("report"), fill)


def add_feedback(warehouse: Contract) -> None:
    """What people said, the labels, how they act, what goes with it, and whom to ask."""
    hostile = HOSTILE.replace("'", "''")
    warehouse.connection.execute(
        f"""
        create table {warehouse.table("feedback_events")} as select 'flight_delay' as monitor, kind, 'app' as source, 'p' || i as prediction_id,
            timestamp '2013-05-30' as occurred_at from range(40) as events(i), (values ('thumbs'), ('{hostile}')) as kinds(kind);
        create table {warehouse.table("labels")} as select 'flight_delay' as monitor, source, rule, status, agreement
            from (values ('app', 'thumbs', 'resolved', 0.9), (null, null, 'disputed', null)) as labels(source, rule, status, agreement);
        create table {warehouse.table("behaviour")} as select 'flight_delay' as monitor, '__all__' as model_version, '__all__' as segment,
            '__all__' as segment_value, '__all__' as feature, timestamp '2013-05-30' as window_start, timestamp '2013-05-31' as window_end, 1 as span,
            'override_rate' as metric, 0.12 as metric_value, 0.1 as lower_bound, 0.14 as upper_bound, 900 as sample_size;
        create table {warehouse.table("review_queue")} as select 'flight_delay' as monitor, 'p7' as prediction_id, date '2013-05-30' as queue_date,
            1 as place, '{hostile}' as reason, 'open' as status;
        create table {warehouse.table("kpi_correlations")} as select 'flight_delay' as monitor, 'rebookings' as kpi, 'psi' as metric, 'temp' as feature,
            2 as lag, 0.61 as correlation, 0.4 as lower_bound, 0.76 as upper_bound, 60 as sample_size"""
    )


def add_half_done(warehouse: Contract) -> None:
    """A run that died while it trained, one that died between its evaluation and its verdict, and a gate that refused rows."""
    never = {"monitor": "flight_delay", "error": None, "reason": None, "finished_at": None, "status": "running"}
    warehouse.add(
        "training_runs",
        {**never, "training_run_id": "dead", "candidate_version": None, "started_at": datetime(2013, 5, 27)},
        {**never, "training_run_id": "judged", "candidate_version": "r20130528", "started_at": datetime(2013, 5, 28)},
    )
    warehouse.add(
        "evaluations",
        {"training_run_id": "judged", "monitor": "flight_delay", "segment": "__all__", "metric": "roc_auc", "sample_size": 900}
        | {"challenger_version": "r20130528", "challenger_value": 0.65, "champion_version": "v1", "champion_value": None}
        | {"difference": None, "lower_bound": None, "upper_bound": None, "created_at": datetime(2013, 5, 28)},
    )
    warehouse.connection.execute(
        f"""create table {warehouse.table("gate_results")} as select 'flight_delay' as monitor, 'dead' as training_run_id, false as passed,
            4 as expectations, 1 as failed_expectations, null as reason, timestamp '2013-05-27' as created_at"""
    )


def sealed(directory: Path) -> Path:
    """Three real seals, of bundles that hold nothing but their range."""
    for month in (1, 2, 3):
        bundle = directory / f"bundle{month}"
        bundle.mkdir()
        manifest = {"format": 1, "from": f"2013-0{month}-01", "to": f"2013-0{month + 1}-01", "files": {}, "tables": {}}
        (bundle / "manifest.json").write_bytes(canonical(manifest | {"head": head_of(manifest)}))
        seal(bundle, directory / "seals")
    return directory / "seals"


SUSPECTS = [
    Incident(
        *("flight_delay", datetime(2013, 5, 30), "alert", ("psi of temp", HOSTILE), ("i1", "i2")),
        Suspect("model.shop.weather", ("temp", "dewp"), "models/weather.sql", "2013-05-29 Ann: Degrees in Fahrenheit"),
    ),
    Incident("flight_delay", datetime(2013, 5, 29), "warning", ("psi of seats",), ("i3",), None),
    Incident(
        *("flight_delay", datetime(2013, 5, 28), "alert", ("psi of wind", "psi of gust"), ("i4", "i5")),
        Suspect("source.shop.raw.wind", ("speed",), None, None),
    ),
]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The full report and all that is optional: seals, suspects, feedback, runs that never ended."""

    def everything(warehouse: Contract) -> None:
        fill(warehouse)
        add_feedback(warehouse)
        add_half_done(warehouse)

    directory = tmp_path_factory.mktemp("busy")
    return report(directory, everything, incidents=SUSPECTS, witness=sealed(directory))


@pytest.fixture
def look(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a file without a network; at the end, nothing was asked for and nothing failed."""
    asked: list[str] = []
    failed: list[str] = []
    contexts = []

    def open_page(path: Path, **options: Any) -> Page:
        context = chromium.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.on("console", lambda message: failed.append(message.text))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in asked if url.startswith("file:")]) == len(contexts)
    assert failed == []


def until(page: Page, condition: str, arg: str | None = None) -> None:
    """Wait for a condition. `wait_for_function()` would ask again inside the page, whose policy forbids it."""
    begun = monotonic()
    while not page.evaluate(condition, arg):
        assert monotonic() - begun < 30, condition
        page.wait_for_timeout(20)


def go(page: Page, route: str) -> Page:
    """Follow a route of the report, and wait until it is shown."""
    page.evaluate("route => { location.hash = route; }", route)
    until(page, "route => document.documentElement.dataset.shown === route", route)
    return page


MONITOR = "#/monitor/flight_delay"
FEATURE = f"{MONITOR}/feature/feature_3"
ROUTES = [
    "#/",
    MONITOR,
    f"{MONITOR}/performance",
    f"{MONITOR}/gate",
    f"{MONITOR}/feedback",
    f"{MONITOR}/all",
    "#/monitor/kind/performance",
    FEATURE,
    f"{FEATURE}/bin/2",
    "#/audit",
    "#/glossary",
]


def test_says_at_a_glance_what_is_wrong_and_what_was_done(full, look) -> None:
    page = look(full)
    fleet = page.get_by_label("All monitors")
    assert fleet.locator("article").count() == 3
    assert fleet.locator("article").first.inner_text().startswith("flight_delay")
    assert "3 alerts open" in fleet.locator("article").first.inner_text()
    headline = go(page, MONITOR).locator(".headline").inner_text()
    assert "3 alerts open" in headline
    assert "hampion r20130513 since 13 May 2013: AUC +0.04" in headline
    assert "AUC 0.71 [0.68, 0.74] over the 30 days to 27 May 2013 (alert below 0.62)" in headline
    assert "abels are in for 90% of those predictions" in headline
    assert "least drift that its newest window shows: PSI 0.040 (0.2 σ)" in page.locator(".facts").inner_text()
    assert "version" in go(page, "#/monitor/arrival_delay").locator(".headline").text_content()
    assert "dbt-ml-monitor" in page.locator("footer").inner_text()


def test_lanes_share_one_axis_to_the_pixel(full, look) -> None:
    page = go(look(full, viewport={"width": 1400, "height": 900}), MONITOR)
    axes = page.evaluate(
        """() => ["performance", "response"].map((lane) =>
            [...document.querySelectorAll(`.lane.${lane} .tick.middle`)].map((tick) => tick.getBoundingClientRect().x))"""
    )
    assert axes[0] == axes[1]
    assert len(axes[0]) >= 3
    lefts = page.evaluate(
        "() => [...document.querySelectorAll('.lane canvas, .lane svg')].map((each) => each.getBoundingClientRect().x)"
    )
    assert len(set(lefts)) == 1


def red_pixels(page: Page, selector: str) -> int:
    return page.evaluate(
        """(selector) => {
            const canvas = document.querySelector(selector);
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let n = 0;
            for (let at = 0; at < data.length; at += 4) n += data[at] === 0xc0 && data[at + 1] === 0x36 && data[at + 2] === 0x2c;
            return n;
        }""",
        selector,
    )


def test_colours_appear_only_on_breaches(full, look) -> None:
    page = go(look(full, viewport={"width": 1400, "height": 900}), MONITOR)
    assert red_pixels(page, ".lane.inputs canvas") > 59 * 5 * 10
    go(page, "#/monitor/arrival_delay")
    page.locator(".lane.inputs canvas").focus()
    page.keyboard.press("Home")
    assert "within limits" in page.locator(".lane.inputs .say").inner_text()
    assert page.locator(".bars .fill[fill]").count() == 0


def test_every_figure_speaks_and_has_words_beside_it(full, look) -> None:
    page = look(full)
    for route in ROUTES:
        go(page, route)
        unlabelled = page.locator("svg:not([aria-label]), canvas:not([aria-label])")
        assert unlabelled.count() == 0, route
        ids = page.evaluate("() => [...document.querySelectorAll('[id]')].map((element) => element.id)")
        assert len(ids) == len(set(ids))
    go(page, MONITOR)
    page.locator(".lane.performance svg").focus()
    page.keyboard.press("Home")
    assert re.search(r"AUC 0\.6\d* \[.*\], 500 labels \(90%\), alert", page.locator(".lane.performance .say").inner_text())
    page.get_by_text("The inputs as a table").click()
    page.get_by_label("Inputs of flight_delay").wait_for()
    assert page.get_by_label("Inputs of flight_delay").locator("tbody tr").count() == 20


def test_hostile_names_and_reasons_are_inert_text(full, look) -> None:
    page = look(full)
    for route in [*ROUTES, f"{MONITOR}/feature/{quote(HOSTILE, safe='')}"]:
        go(page, route)
        assert page.evaluate("() => window.hacked") is None
        assert page.locator("img").count() == 0
        assert page.locator("script:not([type='application/octet-stream'])").count() == 1
    assert HOSTILE in page.locator("#page h2").text_content()
    assert HOSTILE in go(page, MONITOR).locator("#page").text_content()
    assert go(page, "#/monitor/arrival_delay").locator(".description").text_content() == HOSTILE


def test_the_list_is_readable_without_scripts_and_all_pages_within_a_phone(full, look) -> None:
    page = look(full, java_script_enabled=False, viewport={"width": 400, "height": 800})
    assert "3 alerts open" in page.locator("#fleet").inner_text()
    assert "Without scripts" in page.locator("main").inner_text()
    phone = look(full, viewport={"width": 400, "height": 800})
    for route in ROUTES:
        go(phone, route)
        assert phone.evaluate("() => document.documentElement.scrollWidth") <= 400, route


def test_prints_and_stays_small(full, look) -> None:
    assert full.stat().st_size < MOST_BYTES
    page = go(look(full), f"{MONITOR}/all")
    assert page.get_by_label("Inputs of flight_delay").count() == 0
    assert page.pdf().startswith(b"%PDF")
    assert page.get_by_label("Inputs of flight_delay").locator("tbody tr").count() == 20


def without_labels(warehouse: Contract) -> None:
    warehouse.add_monitor()
    add_drift(warehouse, "flight_delay", ["carrier"], 20)


def without_verdicts(warehouse: Contract) -> None:
    warehouse.add_monitor()


def without_inputs(warehouse: Contract) -> None:
    warehouse.add_monitor()
    add_performance(warehouse, "flight_delay", 20)


def one_window(warehouse: Contract) -> None:
    warehouse.add_monitor()
    add_drift(warehouse, "flight_delay", ["carrier"], 1)
    add_performance(warehouse, "flight_delay", 1)


@pytest.mark.parametrize(
    ("fill", "sentences"),
    [
        (lambda warehouse: None, ["No monitor is declared yet"]),
        (without_labels, ["no labels have arrived yet", "No alert has been raised", "nothing was done"]),
        (without_verdicts, ["No window has been judged yet", "No distribution can be compared yet"]),
        (without_inputs, ["no drift verdict yet", "No data quality rule was broken"]),
        (one_window, ["No alerts open", "No alert has been raised"]),
    ],
    ids=["no monitor", "no labels", "no verdicts", "no inputs", "one window"],
)
def test_says_what_is_not_there(tmp_path, look, fill, sentences) -> None:
    page = look(report(tmp_path, fill))
    text = page.locator("main").inner_text()
    if page.locator("#fleet article").count():
        for part in ("", "/performance", "/gate", "/feedback"):
            text += go(page, f"#/monitor/flight_delay{part}").locator("main").inner_text()
    for route in ("#/audit", "#/monitor/nobody", "#/nowhere"):
        text += go(page, route).locator("main").inner_text()
    assert "There is no monitor nobody in this report" in text
    assert "No snapshot was taken yet" in text
    for sentence in sentences:
        assert sentence.lower() in text.lower()
    assert "undefined" not in text
    assert "None" not in text
    assert not re.search(r"\bnan\b", text.lower())


def test_a_long_history_keeps_every_window_up_to_400(tmp_path, look) -> None:
    def long(warehouse: Contract) -> None:
        warehouse.add_monitor()
        add_drift(warehouse, "flight_delay", ["carrier"], 364)
        add_performance(warehouse, "flight_delay", 364)

    page = go(look(report(tmp_path, long)), MONITOR)
    assert "in 364 columns of time" in page.locator(".lane.inputs canvas").get_attribute("aria-label")


def test_goes_by_keyboard_from_the_overview_to_a_bin_and_back(full, look) -> None:
    page = look(full)
    page.get_by_role("link", name="flight_delay").focus()
    page.keyboard.press("Enter")
    until(page, "document.documentElement.dataset.shown === '#/monitor/flight_delay'")
    canvas = page.locator(".lane.inputs canvas")
    canvas.focus()
    said = page.locator(".lane.inputs .say")
    before = said.inner_text()
    page.keyboard.press("ArrowLeft")
    assert said.inner_text() != before
    assert "PSI" in said.inner_text()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    until(page, "document.documentElement.dataset.shown.includes('/feature/')")
    feature = page.url
    bar = page.locator(".bar[role=link]").nth(1)
    bar.focus()
    page.keyboard.press("Enter")
    until(page, "document.documentElement.dataset.shown.endsWith('/bin/1')")
    page.keyboard.press("u")
    until(page, "!document.documentElement.dataset.shown.includes('/bin/')")
    page.keyboard.press("n")
    until(page, "feature => location.href !== feature", feature)
    page.go_back()
    until(page, "feature => document.documentElement.dataset.shown === new URL(feature).hash", feature)
    assert page.evaluate("document.activeElement.tagName") == "H2"


def test_a_bin_has_a_history(full, look) -> None:
    page = go(look(full), f"{FEATURE}/bin/2")
    assert page.locator("canvas[aria-label^='Share of each value']").count() == 1
    bin_history = page.locator("section.bin")
    assert bin_history.locator("svg").count() == 1
    bin_history.locator("svg").focus()
    page.keyboard.press("Home")
    first = bin_history.locator(".say").inner_text()
    page.keyboard.press("End")
    assert first != bin_history.locator(".say").inner_text()


def test_values_survive_the_packing(full, look) -> None:
    """Quantised to 511 steps of the square root: what is read out is the value to three digits or 0.4 %."""
    page = go(look(full), MONITOR)
    page.locator(".lane.inputs canvas").focus()
    page.keyboard.press("ArrowDown")
    said = page.locator(".lane.inputs .say").inner_text()
    name, value = re.search(r"(feature_\d+), .*PSI ([\d.]+),", said).groups()
    expected = 0.01 * (int(name.removeprefix("feature_")) + 1)
    assert float(value) == pytest.approx(expected, rel=0.005)


def test_the_gate_tells_candidate_from_champion(full, look) -> None:
    page = go(look(full), f"{MONITOR}/gate")
    table = page.get_by_label("Gate of flight_delay")
    assert "AUC · all rows" in table.text_content()
    assert "0.66" in table.text_content()
    assert page.locator(".forest").count() == 1


def test_performance_page_has_every_figure(full, look) -> None:
    page = go(look(full), f"{MONITOR}/performance")
    text = page.locator("#page").inner_text()
    for title in (
        "Every metric, at the newest window",
        "By segment, worst first",
        "Why it changed: other rows, or another result",
        "Gaps between protected groups",
        "Versions on the same rows",
        "Do the scores mean what they say?",
        "ROC curve",
        "Precision and recall",
        "What was taken for what",
        "How late do the labels come?",
        "Labels by window and age",
        "Is it as good as its scores promise?",
    ):
        assert title in text, title
    worst = page.locator(".forest").first.locator(".whisker .name").all_text_contents()
    assert worst == ["origin = EWR", "origin = JFK"]
    confusion = page.get_by_label("Confusion matrix")
    assert "(60)" in confusion.inner_text()


def test_versions_groups_and_times_are_told_apart(full, look) -> None:
    page = go(look(full), f"{MONITOR}/performance")
    page.evaluate("() => document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    compared = page.get_by_label("Comparisons of flight_delay").locator("tbody tr")
    rows = {row.split(" · ")[1].split("\t")[0]: row for row in compared.all_inner_texts()}
    assert rows.keys() == {"AUC", "brier", "accuracy"}
    assert "+0.050 [+0.030, +0.070]" in rows["AUC"]
    assert "yes" in rows["AUC"]
    assert "-0.010 [-0.049, +0.029]" in rows["brier"]
    assert "no, the interval holds 0" in rows["brier"]
    # 30 rows of 900 more, of 70 on which one of them is right: the error of a paired share by hand.
    assert "+0.033 [+0.015, +0.051]" in rows["accuracy"]
    assert "challenger 50, champion 20" in rows["accuracy"]
    gaps = page.get_by_label("Fairness gaps of flight_delay").locator("tbody tr")
    assert gaps.count() == 8
    assert gaps.nth(2).get_attribute("class") == "alert"
    assert HOSTILE in gaps.nth(2).text_content()
    assert "-0.200 [-0.250, -0.150]" in gaps.nth(2).inner_text()
    assert "-0.000" not in page.locator("#page").inner_text()
    assert page.locator(".effects rect").count() == 6
    assert "changed by -0.0450, of which mix -0.0250 and rate -0.0200" in page.locator(".effects").get_attribute("aria-label")
    mix = page.get_by_label("Mix and rate of flight_delay").locator("tbody tr")
    assert [row.split("\t")[0] for row in mix.all_inner_texts()] == ["origin = EWR", "origin = JFK", f"origin = {HOSTILE}"]
    bare = go(page, "#/monitor/arrival_delay/performance").locator("#page").inner_text()
    for title in ("Versions on the same rows", "Gaps between protected groups", "Why it changed"):
        assert title not in bare


def test_each_class_has_its_own_reliability(full, look) -> None:
    page = go(look(full), "#/monitor/kind/performance")
    names = page.locator("figure:has(svg.calibration) figcaption strong").all_text_contents()
    assert names == ["cat", HOSTILE, "(empty)"]
    assert page.locator("svg.calibration").count() == 3
    page.locator("svg.calibration").first.focus()
    page.keyboard.press("End")
    interval = binomtest(36, 40).proportion_ci(method="wilson")
    said = page.locator(".grid .say").first.inner_text()
    assert said == f"scores of cat 90% to 100%: it happened in 90% [{interval.low:.0%}, {interval.high:.0%}] of 40"
    page.get_by_text("The scores of each class as a table").click()
    shown = page.get_by_label("Calibration of the classes of kind").locator("tbody tr")
    shown.first.wait_for()
    rows = shown.all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == [
        "cat · 10% to 20%",
        "cat · 90% to 100%",
        f"{HOSTILE} · 40% to 50%",
        " · 0% to 10%",
    ]
    assert "of each class" not in go(page, f"{MONITOR}/performance").locator("#page").inner_text()


def test_each_class_has_its_own_curves(full, look) -> None:
    """Two cut-offs of the first class; a class with one cut-off has no curve."""
    page = go(look(full), "#/monitor/kind/performance")
    assert page.locator("figure:has(svg.curve) figcaption").all_inner_texts() == [
        "cat\nROC curve: recall (up) against false positive rate",
        "cat\nPrecision and recall: precision (up) against recall",
    ]
    page.locator("svg.curve").first.focus()
    page.keyboard.press("Home")
    said = page.locator("figure:has(svg.curve) .say").first.inner_text()
    assert said == "cut-off 0.95 of cat: recall 78 %, false positive rate 4.3 %, precision 90 %"
    page.get_by_text("The cut-offs of each class as a table").click()
    shown = page.get_by_label("Cut-offs of the classes").locator("tbody tr")
    shown.first.wait_for()
    assert [row.split("\t") for row in shown.all_inner_texts()] == [["cat · 0.95", "78 %", "4.3 %", "90 %"], ["cat · 0.15", "100 %", "100 %", "33 %"]]
    assert "class by class" not in go(page, f"{MONITOR}/performance").locator("#page").inner_text()


def test_slices_are_listed_with_what_the_next_window_says(tmp_path, look) -> None:
    """The newest window cannot be confirmed yet, so the newest that can is there too; another monitor is further on."""

    def with_slices(warehouse: Contract) -> None:
        fill(warehouse)
        warehouse.connection.execute(
            f"""create table {warehouse.table("worst_slices")} as select monitor, 'carrier' as segment, segment_value, 'accuracy' as metric, 7 as span,
                cast(day as timestamp) as window_start, cast(day as timestamp) + interval 1 day as window_end, 0.6 as metric_value, 0.8 as other_value,
                0.02 as damage, 300 as sample_size, 1e-6 as p_value, 1e-5 as q_value, is_worse, next_p_value, is_confirmed
                from (values ('flight_delay', 'OO', '2013-05-20', true, null, null), ('flight_delay', 'UA', '2013-05-20', false, null, false),
                    ('flight_delay', 'EV', '2013-05-13', true, 0.001, true), ('flight_delay', 'B6', '2013-05-13', true, 0.4, false),
                    ('flight_delay', 'AA', '2013-05-12', true, 0.001, true), ('other', 'DL', '2013-05-30', true, null, null)
                ) as slices(monitor, segment_value, day, is_worse, next_p_value, is_confirmed)"""
        )

    rows = go(look(report(tmp_path, with_slices)), f"{MONITOR}/performance").get_by_label("Worst slices of flight_delay").locator("tbody tr")
    said = {row.split("\t")[0]: row.split("\t")[4] for row in rows.all_inner_texts()}
    assert said == {"carrier = OO": "not known yet", "carrier = EV": "yes", "carrier = B6": "no"}


def test_values_on_which_it_errs_are_listed(tmp_path, look) -> None:
    def with_bins(warehouse: Contract) -> None:
        fill(warehouse)
        warehouse.connection.execute(
            f"""create table {warehouse.table("worst_bins")} as select 'flight_delay' as monitor, 'carrier' as feature, *, case when newer_p_value is not null then error end as newer_error
                from (values ('{HOSTILE.replace("'", "''")}', 0.41, 0.22, 0.03, 1e-9, 300, true, true, 1e-6), ('EV', 0.35, 0.25, 0.01, 0.04, 60, true, false, null),
                    ('UA', 0.2, 0.3, -0.01, 0.9, 500, false, false, 0.8)) as bins(bin_label, error, other_error, damage, q_value, sample_size, is_worse, is_confirmed, newer_p_value)"""
        )

    rows = (
        go(look(report(tmp_path, with_bins)), f"{MONITOR}/performance")
        .get_by_label("Worst values of flight_delay")
        .locator("tbody tr")
    )
    assert [row.split("\t")[0] for row in rows.all_inner_texts()] == [f"carrier = {HOSTILE}", "carrier = EV"]
    assert "too few labels" in rows.nth(1).inner_text()
    assert "41" in rows.nth(0).inner_text()


def test_before_any_retraining_there_is_no_gate(tmp_path, look) -> None:
    path = tmp_path / "warehouse.duckdb"
    contract = Contract(path)
    contract.add_monitor()
    contract.connection.close()
    page = look(write_report(Warehouse(f"duckdb:///{path}"), tmp_path / "report.html", now=NOW))
    assert "No model was retrained" in go(page, f"{MONITOR}/gate").locator("main").inner_text()


def test_the_audit_page_says_who_and_what_changed(tmp_path, look) -> None:
    def with_history(warehouse: Contract) -> None:
        fill(warehouse)
        warehouse.connection.execute(
            f"""create table {warehouse.table("monitors_history")} as select 'flight_delay' as monitor, spec, recorded_at, recorded_at as dbt_valid_from,
                'False' as dbt_is_deleted from (values ('{{"min_rows": 50, "owner": "a"}}', timestamp '2013-03-01'),
                ('{{"min_rows": 100, "owner": "a"}}', timestamp '2013-04-01')) as versions(spec, recorded_at)"""
        )
        warehouse.connection.execute(
            f"""create table {warehouse.table("thresholds_history")} as select 'flight_delay' as monitor, 'psi' as metric, 7 as span, warn as warn_threshold,
                0.25 as alert_threshold, recorded_at, recorded_at as dbt_valid_from, 'False' as dbt_is_deleted
                from (values (0.1, timestamp '2013-03-01'), (0.15, timestamp '2013-05-01')) as versions(warn, recorded_at)"""
        )
        warehouse.connection.execute(
            f"""create table {warehouse.table("verdicts_history")} as select 'flight_delay' as monitor, '__all__' as model_version, '__all__' as segment,
                '__all__' as segment_value, '__all__' as feature, timestamp '2013-05-01' as window_start, 30 as span, 'roc_auc' as metric, value as metric_value,
                900 as sample_size, 0.9 as label_coverage, status, recorded_at, recorded_at as dbt_valid_from, 'False' as dbt_is_deleted
                from (values (0.66, 'ok', timestamp '2013-05-03'), (0.61, 'alert', timestamp '2013-05-09')) as versions(value, status, recorded_at)"""
        )

    text = go(look(report(tmp_path, with_history)), "#/audit").locator("#page").inner_text()
    assert "1 verdict restated in the last 90 days" in text
    assert "ok 0.66" in text
    assert "alert 0.61" in text
    assert "r20130513" in text
    assert "min_rows" in text
    assert "warn 0.1, alert 0.25" in text
    assert "warn 0.15, alert 0.25" in text


def test_the_feedback_page_counts_what_was_said(busy, look) -> None:
    page = go(look(busy), f"{MONITOR}/feedback")
    said = {
        "What was said": (2, [HOSTILE, "40"]),
        "Labels that came of it": (2, ["resolved", "90%", "disputed", "not known"]),
        "How people act on the predictions": (1, ["12%", "10%"]),
        "Business figures that go with a metric": (1, ["rebookings", "+0.61"]),
        "Whom to ask next": (1, ["p7", HOSTILE]),
    }
    for title, (rows, words) in said.items():
        shown = page.get_by_label(title)
        assert shown.locator("tbody tr").count() == rows, title
        assert [word for word in words if word not in shown.text_content()] == [], title
    assert page.evaluate("() => window.hacked") is None
    assert "No feedback was given" in go(page, "#/monitor/arrival_delay/feedback").locator("#page").inner_text()


def test_suspects_stand_beside_the_alerts(busy, look) -> None:
    page = go(look(busy), MONITOR)
    rows = page.locator("tr", has_text="model.shop.weather (temp, dewp)")
    assert rows.count() == 1
    assert "psi of temp" in rows.text_content() and HOSTILE in rows.text_content()
    assert "2013-05-29 Ann: Degrees in Fahrenheit" in rows.text_content()
    assert "nothing in common upstream" in page.locator("tr", has_text="psi of seats").text_content()
    assert "not known" in page.locator("tr", has_text="source.shop.raw.wind").text_content()
    assert "model.shop.weather" not in go(page, "#/monitor/arrival_delay").locator("#page").text_content()


def test_the_chain_of_seals_is_shown_whole_or_broken(busy, tmp_path, look) -> None:
    text = go(look(busy), "#/audit").locator("#page").inner_text()
    heads = [json.loads(path.read_text())["head"] for path in sorted((busy.parents[1] / "seals").glob("*.json"))]
    assert "3 seals, each over the one before it: the chain is whole" in text
    assert "2013-02-01 to 2013-03-01" in text
    assert len(heads) == 3 and all(head[:12] in text for head in heads)

    witness = sealed(tmp_path)
    second = witness / "000002.json"
    second.write_text(second.read_text().replace("2013-02-01", "2013-02-02"))
    broken = go(look(report(tmp_path, lambda warehouse: warehouse.add_monitor(), witness=witness)), "#/audit")
    assert "000002.json was altered, or one before it was dropped" in broken.locator("#page").inner_text()
    assert "the chain is whole" not in broken.locator("#page").inner_text()


def test_a_directory_without_seals_is_said(tmp_path, look) -> None:
    page = look(report(tmp_path, lambda warehouse: warehouse.add_monitor(), witness=tmp_path / "nothing"))
    assert "There is no seal in" in go(page, "#/audit").locator("#page").inner_text()


def test_runs_that_never_ended_are_said_to_be_running(busy, look) -> None:
    page = go(look(busy), f"{MONITOR}/gate")
    started = {"27 May 2013": "running", "28 May 2013": "running", "23 May 2013": "kept"}
    for day, status in started.items():
        assert status in page.locator("tr", has_text=re.compile(day)).last.text_content(), day
    text = page.locator("#page").inner_text()
    assert "r20130528 against v1" in text and "running" in text
    for route in (MONITOR, f"{MONITOR}/gate", f"{MONITOR}/all", "#/"):
        shown = go(page, route).locator("main").inner_text()
        assert not re.search(r"\b(undefined|None|NaN|null|Invalid Date)\b", shown), route


def test_the_glossary_quotes_the_docs(full, look) -> None:
    page = go(look(full), "#/glossary")
    page.get_by_label("Find a metric").fill("auc")
    assert page.locator("article.metric:visible").count() == 1
    assert "When it lies" in page.locator("article.metric:visible").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_on_any_page(busy, chromium, scheme) -> None:
    context = chromium.new_context(offline=True, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(busy.as_uri())
    found = {}
    for route in ROUTES:
        go(page, route)
        page.evaluate("() => document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        violations = Axe().run(page).response["violations"]
        found[route] = [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in violations]
    context.close()
    assert {route: each for route, each in found.items() if each} == {}
