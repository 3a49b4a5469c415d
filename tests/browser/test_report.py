"""The report, built from a DuckDB file and looked at with a browser that has no network."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from ml_monitor.report import write_report
from ml_monitor.warehouse import Warehouse

MODELS = Path(__file__).parents[2] / "models" / "report"
CHROMIUM = Path("/usr/bin/chromium")
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
    "metrics": "metric text, family text, unit text, direction text",
    "metric_values": f"""
        {KEYS}, metric text, family text, metric_value double, sample_size bigint,
        lower_bound double, upper_bound double, label_coverage double
    """,
    "verdicts": f"""
        {KEYS}, metric text, family text, metric_value double, sample_size bigint, {LIMITS}, status text,
        reason text
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
        prediction double, label double, predicted_class text, actual_class text, n bigint, sum_score double, sum_label double
    """,
    "label_delays": "monitor text, quantity text, label_age bigint, next_age bigint, development_share double",
    "performance": f"{KEYS}, metric text, metric_value double, label_coverage double",
    "estimated_performance": f"""
        {KEYS}, metric text, metric_value double, lower_bound double, upper_bound double, sample_size bigint
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
            self.connection.execute(
                f"insert into {self.table(table)} ({columns}) select {columns} from added"
            )
            self.connection.unregister("added")

    def add_monitor(self, name: str = "flight_delay", **columns: Any) -> None:
        row = {
            "monitor": name,
            "description": "Will it be late?",
            "owner": "team",
            "task": "binary",
            "window_unit": "day",
        }
        self.add("monitors", {**row, "min_rows": 100, "edge_set_id": "3f2a9c1e", **columns})


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
    warehouse.add(
        "features", *({"monitor": monitor, "feature": f, "feature_type": "categorical"} for f in features)
    )
    for position, feature in enumerate(features):
        rows = []
        for day in range(days):
            value = 0.4 if position == 0 and day > days // 2 else 0.01 * position
            rows.append(
                verdict(monitor, day, "psi", value, "alert" if value > 0.25 else "ok", feature=feature)
            )
        rows.append(
            verdict(monitor, days - 1, "unseen_rate", 0.3, "alert", feature=feature, span=1, reason=HOSTILE)
        )
        warehouse.add("verdicts", *rows)
        warehouse.add("drift_contributions", *bins(monitor, feature, days - 1))


def bins(monitor: str, feature: str, day: int) -> list[dict[str, Any]]:
    row = {"monitor": monitor, **ALL, **window(day), "span": 7, "feature": feature}
    values = [
        {**row, "bin": i, "bin_label": f"{HOSTILE} {i}\x07", "bin_kind": "category", "reference_share": 0.05}
        | {"window_share": 0.02 * i, "psi_contribution": 0.01 * i}
        for i in range(1, 15)
    ]
    strip = {"bin_label": "missing", "bin_kind": "missing", "reference_share": 0.0, "window_share": 0.1}
    return [*values, {**row, "bin": -1, **strip, "psi_contribution": None}]


def add_performance(warehouse: Contract, monitor: str, days: int) -> None:
    limits = {"direction": "below", "warn_threshold": 0.64, "alert_threshold": 0.62}
    warehouse.add("thresholds", {"monitor": monitor, "metric": "roc_auc", "span": 30, **limits})
    warehouse.add(
        "metrics", {"metric": "roc_auc", "family": "performance", "unit": "probability", "direction": "below"}
    )
    values, verdicts = [], []
    for day in range(days):
        value = 0.60 + 0.001 * day
        status = "immature" if day > days - 6 else "alert" if value < 0.62 else "ok"
        row = verdict(monitor, day, "roc_auc", value, status, span=30, **limits)
        verdicts.append(row)
        measured = {k: v for k, v in row.items() if k not in (*limits, "status", "reason")}
        values.append(
            {**measured, "lower_bound": value - 0.03, "upper_bound": value + 0.03, "label_coverage": 0.9}
        )
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
        | {"challenger_version": "r20130513", "challenger_value": 0.66},
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


def fill(warehouse: Contract) -> None:
    """Two monitors and a year's worth of trouble in four months."""
    features = [HOSTILE, *(f"feature_{i}" for i in range(19))]
    warehouse.add_monitor()
    add_drift(warehouse, "flight_delay", features, 120)
    add_performance(warehouse, "flight_delay", 120)
    add_history(warehouse, "flight_delay")
    for position, feature in enumerate(features[:14]):
        add_alert(warehouse, "flight_delay", feature, 10 * position % 100, None if position < 3 else 110)
    warehouse.add_monitor("arrival_delay", task="regression", description=HOSTILE)
    add_drift(warehouse, "arrival_delay", ["distance", "carrier"], 130)


def report(directory: Path, fill: Callable[[Contract], None]) -> Path:
    """The report of a warehouse that `fill` has filled."""
    path = directory / "warehouse.duckdb"
    contract = Contract(path)
    fill(contract)
    contract.connection.close()
    return write_report(Warehouse(f"duckdb:///{path}"), directory / "out" / "report.html", now=NOW)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(tmp_path_factory.mktemp("report"), fill)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"no {CHROMIUM}: CI must run the browser tests")
        pytest.skip(f"no {CHROMIUM}: install Chromium to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


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


def test_says_at_a_glance_what_is_wrong_and_what_was_done(full, look) -> None:
    page = look(full)
    fleet = page.get_by_label("All monitors")
    assert fleet.locator("article").count() == 2
    assert fleet.locator("article").first.inner_text().startswith("flight_delay")
    headline = page.locator("#flight_delay .headline").inner_text()
    assert "3 alerts open" in headline
    assert "hampion r20130513 since 13 May 2013: AUC +0.04" in headline
    assert "AUC 0.71 [0.68, 0.74] over the 30 days to 27 May 2013 (alert below 0.62)" in headline
    assert "Labels are in for 90% of those predictions" in headline.replace("labels", "Labels")
    assert "version" in page.locator("#arrival_delay .headline").text_content()
    assert "dbt-ml-monitor" in page.locator("footer").inner_text()


def test_lanes_share_one_axis_to_the_pixel(full, look) -> None:
    page = look(full, viewport={"width": 1400, "height": 900})
    spans = page.evaluate(
        """() => ["inputs", "performance", "response"].map((lane) => {
            const plot = document.querySelector(`#flight_delay .${lane}_group path.background`);
            const box = plot.getBoundingClientRect();
            return [box.left, box.right];
        })"""
    )
    assert spans[0] == spans[1] == spans[2]
    assert spans[0][1] - spans[0][0] > 600


def test_colours_appear_only_on_breaches(full, look) -> None:
    page = look(full)
    cells = page.locator("#flight_delay .inputs_group .cells_marks path")
    assert cells.count() == 20 * 120
    red = page.locator("#flight_delay .inputs_group .cells_marks path[fill='#c0362c']")
    assert red.count() == 59
    assert page.locator("#flight_delay .inputs_group .cells_marks path[fill='#e3a037']").count() == 0
    assert page.locator("#flight_delay .grid [fill='#c0362c']").count() == 0


def test_every_figure_speaks_and_has_words_beside_it(full, look) -> None:
    page = look(full)
    figures = page.locator("svg:not(.names)")
    assert figures.count() > 8
    for i in range(figures.count()):
        assert figures.nth(i).get_attribute("role") == "img"
        assert figures.nth(i).get_attribute("aria-label")
    tooltips = page.locator("#flight_delay .performance_group title").all_text_contents()
    assert any(re.search(r"AUC 0\.6\d+ \[.*\], 500 labels \(90%\), ok", text) for text in tooltips)
    table = page.get_by_label("Inputs of flight_delay")
    assert table.locator("tbody tr").count() == 20
    ids = page.evaluate("() => [...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))


def test_hostile_names_and_reasons_are_inert_text(full, look) -> None:
    page = look(full)
    assert page.evaluate("() => window.hacked") is None
    assert page.locator("img").count() == 0
    assert page.locator("script:not([type='application/json'])").count() == 1
    assert HOSTILE in page.locator("#flight_delay").text_content()
    assert page.locator("#arrival_delay .description").text_content() == HOSTILE


def test_readable_without_scripts_and_within_a_phone(full, look) -> None:
    page = look(full, java_script_enabled=False, viewport={"width": 400, "height": 800})
    assert "3 alerts open" in page.locator("#flight_delay").inner_text()
    assert page.locator("#flight_delay .lanes .names").is_visible()
    phone = look(full, viewport={"width": 400, "height": 800})
    assert phone.evaluate("() => document.documentElement.scrollWidth") == 400


def test_prints_and_stays_small(full, look) -> None:
    assert full.stat().st_size < MOST_BYTES
    assert look(full).pdf().startswith(b"%PDF")


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
    for sentence in sentences:
        assert sentence.lower() in text.lower()
    assert "undefined" not in text
    assert "None" not in text
    assert "nan" not in text.lower()


def test_a_long_history_is_drawn_by_week(tmp_path, look) -> None:
    def long(warehouse: Contract) -> None:
        warehouse.add_monitor()
        add_drift(warehouse, "flight_delay", ["carrier"], 364)
        add_performance(warehouse, "flight_delay", 364)

    page = look(report(tmp_path, long))
    assert page.locator(".inputs_group .cells_marks path").count() == 53


def test_looks_closer_with_the_keyboard_from_feature_to_bin(full, look) -> None:
    page = look(full)
    explorer = page.locator("#flight_delay details.explore")
    assert explorer.locator("canvas").count() == 0
    explorer.locator("summary").click()
    spoken = explorer.locator("output")
    before = spoken.inner_text()
    explorer.locator("canvas").focus()
    page.keyboard.press("ArrowLeft")
    assert spoken.inner_text() != before
    assert "PSI" in spoken.inner_text()
    names = explorer.locator("option").all_inner_texts()
    assert len(names) == 20
    for position in range(len(names)):
        explorer.locator("select").select_option(str(position))
        if explorer.locator(".bins tbody tr").count():
            break
    assert explorer.locator(".bins tbody tr").count() > 1
    assert page.evaluate("() => window.hacked") is None


def test_the_gate_tells_candidate_from_champion(full, look) -> None:
    page = look(full)
    table = page.get_by_label("Gate of flight_delay")
    assert "AUC · all rows" in table.text_content()
    assert "0.66" in table.text_content()


def test_before_any_retraining_there_is_no_gate(tmp_path, look) -> None:
    path = tmp_path / "warehouse.duckdb"
    contract = Contract(path)
    contract.add_monitor()
    contract.connection.close()
    page = look(write_report(Warehouse(f"duckdb:///{path}"), tmp_path / "report.html", now=NOW))
    assert "Retraining and its gate" not in page.locator("main").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(full, chromium, scheme) -> None:
    context = chromium.new_context(offline=True, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(full.as_uri())
    page.locator("#flight_delay details.explore summary").click()
    found = Axe().run(page).response["violations"]
    context.close()
    assert [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found] == []
