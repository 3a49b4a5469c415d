"""What `dbt build` makes of an empty log, a log with no new rows and an empty reference: a verdict with its reason, and nothing is lost."""

from typing import Any

import pytest

from tests.integration.logs import MONITOR, NOW, feedback, logs, predictions
from tests.project import ALERTS, Project, failure, project_on

MART = "main_ml_monitor.ml_monitor__"
MONITORS = {
    "empty": MONITOR | {"predictions": "raw.nothing", "feedback": "raw.no_labels"},
    "quiet": MONITOR,
    "unreferenced": MONITOR | {"reference": {"relation": "raw.no_reference"}, "segments": [], "thresholds": {"psi": {"alert": 0.25}, "ks": {"alert": 0.4, "over": 2}}},
}
# Labels come at once, so that a day later no more of them is known.
LOGS = logs(feedback=feedback(predictions(), delay_hours=0))
LAST, NEXT = "2026-01-10", "2026-01-11"


def build(project: Project, *arguments: str, now: str = NOW) -> Project:
    result = project.dbt("build", *arguments, now=now)
    assert result.success, failure(result)
    return project


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """All models, tests and snapshots."""
    nothing = {"nothing": predictions().head(0), "no_labels": feedback(predictions()).head(0), "no_reference": predictions().head(0)}
    directory = tmp_path_factory.mktemp("empty_logs") / "project"
    return build(project_on(request.param, request, directory, MONITORS, logs=LOGS | nothing, now=NOW))


def verdicts(project: Project, monitor: str, day: str) -> dict[tuple[str, str, int], tuple[str, str]]:
    """(metric, feature, span) -> status and reason."""
    rows = project.rows(f"select metric, feature, span, status, reason from {MART}verdicts where monitor = '{monitor}' and window_start = '{day}'")
    return {row[:3]: row[3:] for row in rows}


def events(project: Project, monitor: str) -> list[tuple[Any, ...]]:
    found = f"select metric, event_type, reason from {MART}alert_events where monitor = '{monitor}' and metric in ('row_count', 'psi', 'ks') order by window_start"
    return project.rows(found)


def values(project: Project, monitor: str, until: str = NEXT) -> list[tuple[Any, ...]]:
    columns = "model_version, segment, segment_value, feature, window_start, span, metric, metric_value, sample_size"
    rows = project.rows(f"select {columns} from {MART}metric_values where monitor = '{monitor}' and window_start < '{until}'")
    # The order of a sum is left to the warehouse.
    return sorted(((*key, value if value is None else round(value, 9), n) for *key, value, n in rows), key=str)


def test_an_empty_log_is_a_silent_one(built: Project) -> None:
    assert verdicts(built, "empty", LAST) == {
        ("row_count", "__all__", 1): ("alert", "no predictions were logged"),
        ("schema_changes", "__all__", 1): ("ok", "schema_changes = 0 is within its limits (n = 0)"),
    }
    assert built.rows(f"select count(*) from {MART}verdicts where monitor = 'empty'") == [(2,)]
    assert events(built, "empty") == [("row_count", "data_missing", "no predictions were logged")]


def test_an_empty_reference_is_the_reason_of_every_drift_verdict(built: Project) -> None:
    found = verdicts(built, "unreferenced", LAST)
    drift = {key: verdict for key, verdict in found.items() if key[0] in ("psi", "ks")}
    assert drift == {
        **{("psi", name, 1): ("no_reference", f"psi of {name}: no reference rows to compare with") for name in ("amount", "plan", "__score__", "__prediction__")},
        **{("ks", name, 2): ("no_reference", f"ks of {name}: no reference rows to compare with") for name in ("amount", "__score__")},
    }
    assert found["row_count", "__all__", 1][0] == "ok"
    assert {key[6] for key in values(built, "unreferenced")} >= {"accuracy", "roc_auc", "label_coverage"}, "what needs no reference is measured"
    assert events(built, "unreferenced") == []


def test_no_new_rows_lose_nothing_and_what_comes_at_last_counts_in_full(built: Project) -> None:
    before = {monitor: values(built, monitor) for monitor in MONITORS}
    build(built, *ALERTS, now="2026-01-12 00:00:00")
    for monitor in ("quiet", "unreferenced"):
        assert len(before[monitor]) > 100
        assert values(built, monitor) == before[monitor]
    missing = ("row_count", "data_missing", "no predictions were logged")
    for monitor in MONITORS:
        assert verdicts(built, monitor, NEXT)["row_count", "__all__", 1] == ("alert", "no predictions were logged")
        assert events(built, monitor) == [missing], "told once, also of the log that was empty the day before"
    for name, log in {"nothing": LOGS["predictions"], "no_labels": LOGS["feedback"], "no_reference": LOGS["reference"]}.items():
        built.load(name, log)
    build(built, *ALERTS, now="2026-01-12 01:00:00")
    assert values(built, "empty") == before["quiet"]
    assert verdicts(built, "empty", LAST) == verdicts(built, "quiet", LAST)
    of_segments = ("worst_slice_gap", "worst_slice_damage", "mix_effect", "rate_effect")
    whole = [value for value in before["quiet"] if value[1] == "__all__" and value[6] not in of_segments]
    assert values(built, "unreferenced") == whole
    assert verdicts(built, "unreferenced", LAST)["psi", "plan", 1] == verdicts(built, "quiet", LAST)["psi", "plan", 1]
    assert events(built, "empty")[0] == missing, "what was told is never taken away"
