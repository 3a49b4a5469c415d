"""A reference of its own for each model version, against distances of counts that pandas makes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conformance.flights import bin_counts, distances
from tests.integration.logs import MONITOR, logs, predictions
from tests.project import PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
METRICS = ("psi", "js_divergence", "hellinger", "chi_squared")
NOW = "2026-01-25 00:00:00"
LOG = predictions(days=24, rows=80)
# The second version comes on the 9th, in mid-day, beside the first; the third only at the end: its reference is never over.
LOG["model_version"] = np.select(
    [LOG["predicted_at"] >= "2026-01-23", (LOG["predicted_at"] >= "2026-01-09 12:00") & (LOG.index % 2 == 0)], ["m3", "m2"], "m1"
)
LOG.loc[LOG["model_version"] == "m2", "plan"] = np.where(LOG.loc[LOG["model_version"] == "m2", "amount"] > 1, "pro", "basic")
LOG["amount"] += (LOG["model_version"] == "m2") * 0.5
log_day = LOG["predicted_at"].dt.floor("D")
FIRST = log_day.min()


def stretch(reference: dict[str, Any], version: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First day of a version's reference, and the day after the last."""
    if "from" in reference:
        return pd.Timestamp(reference["from"]), pd.Timestamp(reference["to"])
    first = log_day[LOG["model_version"] == version].min()
    return first, first + pd.Timedelta(days=reference["first"])


def expected(reference: dict[str, Any], frozen_from: pd.DataFrame = LOG) -> dict[tuple[Any, ...], float]:
    begin, end = stretch(reference, "m1")
    frozen = frozen_from[(frozen_from["predicted_at"] >= begin) & (frozen_from["predicted_at"] < end)]
    values = {}
    for version in ("m1", "m2", "m3"):
        begin, end = stretch(reference, version)
        own = LOG[(log_day >= begin) & (log_day < end) & (LOG["model_version"] == version)]
        for start in pd.date_range(end, pd.Timestamp(NOW) - pd.Timedelta(days=1)):
            for span in (1, 3):
                rows = LOG[(log_day > start - pd.Timedelta(days=span)) & (log_day <= start) & (LOG["model_version"] == version)]
                for feature, kind in (("plan", "categorical"), ("amount", "numeric")):
                    if len(rows) and len(own):
                        # Edges are those of all versions' reference.
                        _, base = bin_counts(frozen[feature], own[feature], kind)
                        _, counts = bin_counts(frozen[feature], rows[feature], kind)
                        for metric, value in distances(base, counts, "jeffreys").items():
                            if metric in METRICS:
                                values[(metric, feature, start, span, version)] = value
    return values


def drift(built: Project) -> dict[tuple[Any, ...], float]:
    rows = built.frame(
        f"select metric, feature, window_start, span, model_version, metric_value from {MART}drift"
        f" where metric in {METRICS} and feature in ('plan', 'amount') and segment = '__all__' and model_version <> '__all__'"
        " and metric_value is not null"
    )
    return {(r.metric, r.feature, pd.Timestamp(r.window_start), r.span, r.model_version): r.metric_value for r in rows.itertuples()}


def check(actual: dict[tuple[Any, ...], float], wanted: dict[tuple[Any, ...], float]) -> None:
    assert actual.keys() == wanted.keys()
    for key, value in wanted.items():
        assert actual[key] == pytest.approx(value, rel=1e-9, abs=1e-12), key


@pytest.fixture(params=["duckdb", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Project]:
    def project(reference: dict[str, Any]) -> Project:
        monitor = MONITOR | {"reference": reference | {"per": "model_version"}, "rolling": [3]}
        if request.param == "duckdb":
            return Project(tmp_path / "project", {"churn": monitor}, logs=logs(predictions=LOG), now=NOW)
        server = request.getfixturevalue("postgres_url")
        return PostgresProject(tmp_path / "project", {"churn": monitor}, logs=logs(predictions=LOG), now=NOW, server=server)

    return project


@pytest.mark.parametrize("reference", [{"first": 4}, {"from": "2026-01-01", "to": "2026-01-13"}], ids=["first", "period"])
def test_every_version_has_its_own(make: Callable[..., Project], reference: dict[str, Any]) -> None:
    built = make(reference)
    late = LOG.drop(index=LOG.index[LOG["model_version"] == "m2"][10:20])
    built.load("predictions", late)
    for now in ("2026-01-14 00:00:00", "2026-01-20 00:00:00"):
        built.run("-s", "+ml_monitor__drift", now=now)
    # Rows of a version's reference that come late change what later windows are compared with.
    built.load("predictions", LOG)
    built.run("-s", "+ml_monitor__drift")
    check(drift(built), expected(reference, frozen_from=late))
    built.run("--full-refresh", "-s", "+ml_monitor__drift")
    check(drift(built), expected(reference))


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ({"first": 4}, "is not a kind of reference"),
        ({"first": 0, "per": "model_version"}, "is not a whole number from 1"),
        ({"first": 4, "per": "plan"}, "Allowed: model_version"),
        ({"relation": "raw.reference", "per": "model_version"}, "{first: windows, per: model_version}"),
    ],
)
def test_wrong_configuration(project: Callable[..., Project], reference: dict[str, Any], words: str) -> None:
    assert words in project({"churn": MONITOR | {"reference": reference}}).error()
