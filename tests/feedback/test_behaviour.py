"""Behaviour metrics against pandas on random feedback; agreement against scikit-learn, written-out formulas and published examples."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from ml_monitor.audit import explain
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import Warehouse
from tests.feedback.events import event, say
from tests.project import PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
START = pd.Timestamp("2026-01-01")
FIRST_OF_KIND = START - pd.Timedelta(hours=19)  # midnight in New York
DAYS, ROWS, GONE = 4, 60, 10_000
NOW = str(START + pd.Timedelta(days=DAYS, hours=6))
SHARED: dict[str, Any] = {"reference": {"relation": "raw.reference"}, "features": {"plan": "categorical"}, "rolling": [DAYS], "min_rows": 5}
MONITORS: dict[str, Any] = {
    "m": SHARED
    | {
        "predictions": "raw.predictions",
        "labels": {"sources": {"outcomes": {"relation": "raw.outcomes"}, "experts": {"priority": 2, "votes": "reviewers"}, "users": {"priority": 3}}},
        "behaviour": {"request_id": "request", "kpis": {"revenue": {"relation": "raw.sales", "at": "day", "value": "amount", "direction": "down"}}, "lags": 2},
        "segments": ["plan"],
        "rolling": [DAYS],
        "thresholds": {"override_rate": {"warn": 0.1, "alert": 0.3, "over": DAYS}, "revenue": {"alert": 1}},
    },
    "price": SHARED
    | {
        "predictions": "raw.prices",
        "task": "regression",
        "behaviour": True,
        "service": {"latency_ms": "took_ms"},
        "metrics": {"mean_price": {"sql": "avg(y_pred)", "direction": "both"}},
        "thresholds": {"latency_p95": {"alert": 400}, "mean_price": {"alert": 5}},
    },
    "kind": SHARED
    | {
        "predictions": "raw.kinds",
        "task": "multiclass",
        "timezone": "America/New_York",
        "behaviour": {"raters": 2, "kpis": {"takings": {"relation": "raw.takings", "at": "day", "value": "amount"}}},
        "thresholds": {"takings": {"alert": 10}},
    },
}
# Fleiss (1971), as it stands in the textbooks: 10 subjects, 14 raters, 5 categories; kappa 0.210.
FLEISS = [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1], [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]  # fmt: skip
# Krippendorff (2011): 4 observers, 12 units, with gaps; alpha nominal 0.743, interval 0.849.
KRIPPENDORFF = ["1 2 3 3 2 1 4 1 2 * * *", "1 2 3 3 2 2 4 1 2 5 * 3", "* 3 3 3 2 3 4 2 2 5 1 *", "1 2 3 3 2 4 4 1 2 5 1 *"]


def log() -> pd.DataFrame:
    random = np.random.default_rng(3)
    n = DAYS * ROWS
    score = random.uniform(size=n).round(3)
    return pd.DataFrame(
        {
            "prediction_id": np.arange(n), "predicted_at": START + pd.to_timedelta(np.arange(n) * 86400 // ROWS, unit="s"), "model_version": np.where(np.arange(n) % 3 == 0, "m2", "m1"),
            "request": [f"r{i // 2}" for i in range(n)], "plan": random.choice(["basic", "pro"], size=n), "y_score": score, "y_pred": (score > 0.5).astype(int),
        }
    )  # fmt: skip


def truth() -> pd.DataFrame:
    random = np.random.default_rng(4)
    known = log().sample(frac=0.7, random_state=1).sort_values("prediction_id")
    right = random.uniform(size=len(known)) < 0.7
    return pd.DataFrame({"prediction_id": known["prediction_id"], "label": np.where(right, known["y_pred"], 1 - known["y_pred"]), "labelled_at": known["predicted_at"] + pd.Timedelta(hours=4)})


def feedback() -> list[dict[str, Any]]:
    random = np.random.default_rng(5)
    events = []
    for row in log().itertuples():
        for kind in random.choice(["approval", "correction", "thumb", "rating", "click", "dwell", "requery", "abandonment", "complaint"], size=random.integers(0, 5)):
            at = row.predicted_at + pd.Timedelta(seconds=int(random.integers(1, 20000)))
            fields: dict[str, Any] = {"source": str(random.choice(["experts", "users"])), "reviewer": str(random.choice(["ann", "bob", "cy"]))}
            fields |= {"correction": {"label": str(random.integers(0, 2))}, "thumb": {"value": float(random.integers(0, 2))}, "rating": {"value": float(random.integers(0, 101))},
                       "dwell": {"value": float(random.lognormal(3))}}.get(str(kind), {})  # fmt: skip
            if random.uniform() < 0.05:
                fields["occurred_at"] = at + pd.Timedelta(days=400)
            by_request = kind in ("click", "requery") and random.uniform() < 0.3
            events.append(event(str(kind), None if by_request else row.prediction_id, at=at, request_id=row.request if by_request else None, **fields))
        if random.uniform() < 0.02:
            events.append(event("click", GONE + row.prediction_id, at=row.predicted_at))
    return events


def is_gone(row: dict[str, Any]) -> bool:
    return row["prediction_id"] is not None and int(row["prediction_id"]) >= GONE


def examples() -> list[dict[str, Any]]:
    """The published tables, as corrections of the other two monitors."""
    events = []
    for unit, counts in enumerate(FLEISS):
        labels = [f"class {label}" for label, count in enumerate(counts) for _ in range(count)]
        events += [event("correction", unit, at=START + pd.Timedelta(hours=1), monitor="kind", label=label, reviewer=f"r{rater}") for rater, label in enumerate(labels)]
    for rater, line in enumerate(KRIPPENDORFF):
        for unit, value in enumerate(line.split()):
            if value != "*":
                events.append(event("correction", unit, at=START + pd.Timedelta(hours=1), monitor="price", label=value, reviewer=f"r{rater}"))
    return events


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    kind: Any = {"server": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    whole = log()
    units = pd.DataFrame({"prediction_id": np.arange(12), "predicted_at": START, "model_version": "m1", "plan": "basic"})
    sales = pd.DataFrame({"day": START + pd.to_timedelta(np.arange(DAYS), unit="D"), "amount": [10.0, 20.0, 5.0, 8.0]})
    takings = pd.DataFrame({"day": [(FIRST_OF_KIND + pd.Timedelta(days=day)).date() for day in (-1, 0, 1)], "amount": [1.0, 2.0, 4.0]})
    later = units.assign(prediction_id=units["prediction_id"] + 100, predicted_at=START + pd.Timedelta(days=2))
    logs = {
        "predictions": whole, "reference": whole, "outcomes": truth(), "sales": sales, "takings": takings, "prices": units.assign(y_pred=1.0, took_ms=5.0),
        "kinds": pd.concat([units, later]).assign(y_pred="none", y_score=0.5),
    }  # fmt: skip
    made = (PostgresProject if kind else Project)(tmp_path_factory.mktemp("behaviour") / "project", MONITORS, logs=logs, now=NOW, **kind)
    made.run("-s", "ml_monitor__feedback_events")
    say(made, feedback() + examples())
    made.run("-s", "+ml_monitor__alert_events", "+ml_monitor__kpi_correlations")
    return made


def values(project: Project, monitor: str = "m", span: int = DAYS, **where: str) -> dict[str, tuple[float, int, float | None, float | None]]:
    keys = {"segment": "__all__", "segment_value": "__all__", "model_version": "__all__"} | where
    condition = " and ".join(f"{name} = '{value}'" for name, value in keys.items())
    last = {"m": START + pd.Timedelta(days=DAYS - 1), "price": START, "kind": FIRST_OF_KIND}[monitor]
    rows = project.rows(f"select metric, metric_value, sample_size, lower_bound, upper_bound from {MART}metric_values where family in ('behaviour', 'business') and monitor = '{monitor}' and span = {span} and window_start = '{last}' and {condition}")
    return {metric: (value, n, low, high) for metric, value, n, low, high in rows}


def expected(predictions: pd.DataFrame) -> dict[str, float]:
    """The same from the raw events, with pandas."""
    everything = pd.DataFrame(feedback()).merge(log()[["prediction_id", "request", "predicted_at", "y_pred"]].assign(prediction_id=lambda rows: rows["prediction_id"].astype(str)), how="left", on="prediction_id")
    firsts = log().groupby("request").first()
    events = everything.assign(about=[row.prediction_id if isinstance(row.prediction_id, str) else str(firsts.loc[row.request_id, "prediction_id"]) for row in everything.itertuples()])
    events = events[events["about"].isin(predictions["prediction_id"].astype(str))]
    skewed = events["occurred_at"] > events["received_at"]
    events = events.assign(said_at=events["occurred_at"].where(~skewed, events["received_at"]))
    said = log().set_index(log()["prediction_id"].astype(str))
    decided = events[events["kind"].isin(["approval", "correction"])].sort_values(["about", "said_at", "feedback_id"])
    latest = decided.groupby("about").last()
    accepted = (latest["kind"] == "approval") | (latest["label"] == said.loc[latest.index, "y_pred"].astype(str))
    seconds = (decided.groupby("about")["said_at"].min() - said.loc[latest.index, "predicted_at"]).dt.total_seconds()
    outcomes = truth().set_index(truth()["prediction_id"].astype(str))["label"]
    right = (outcomes == said.loc[outcomes.index, "y_pred"]).reindex(latest.index)
    n = len(predictions)
    of = dict(list(events.groupby("kind")))
    wrong_accepted, right_accepted = accepted[right.eq(False)].mean(), accepted[right.eq(True)].mean()
    return {
        "acceptance_rate": accepted.mean(), "override_rate": 1 - accepted.mean(), "correction_rate": of["correction"]["about"].nunique() / n,
        "click_through_rate": of["click"]["about"].nunique() / n, "requery_rate": of["requery"]["about"].nunique() / n, "abandonment_rate": of["abandonment"]["about"].nunique() / n,
        "complaint_rate": of["complaint"]["about"].nunique() / n, "feedback_rate": events["about"].nunique() / n, "thumb_up_rate": of["thumb"]["value"].mean(),
        "rating": of["rating"]["value"].mean(), "dwell_time": of["dwell"]["value"].mean(), "decision_time": seconds.mean(), "wrong_acceptance_rate": wrong_accepted,
        "right_override_rate": 1 - right_accepted, "automation_bias_index": wrong_accepted / right_accepted,
        "clock_skew_rate": skewed[events.index].mean(), "dwell_time_p50": of["dwell"]["value"].median(), "decision_time_p50": seconds.median(),
    }  # fmt: skip


def test_metrics_of_everyone_of_a_segment_a_version_and_a_band(project: Project) -> None:
    whole = log()
    for where, predictions in {
        (): whole,
        (("segment", "plan"), ("segment_value", "pro")): whole[whole["plan"] == "pro"],
        (("model_version", "m2"),): whole[whole["model_version"] == "m2"],
        (("segment", "score_band"), ("segment_value", "0.3 to 0.4")): whole[(whole["y_score"] >= 0.3) & (whole["y_score"] < 0.4)],
    }.items():
        found = values(project, **dict(where))
        for metric, value in expected(predictions).items():
            if pd.isna(value):
                assert metric not in found or pd.isna(found[metric][0]), metric
                continue
            if metric.endswith("p50") and found[metric][1] < 50:
                continue  # between two values that are far apart any is a median
            tolerance = 0.1 if metric.endswith("p50") else 1e-9
            assert found[metric][0] == pytest.approx(value, rel=tolerance, abs=1e-12), (metric, where)
            if found[metric][2] is not None and not pd.isna(found[metric][2]):
                assert found[metric][2] <= found[metric][0] + 1e-9 <= found[metric][3] + 2e-9, metric
    gone = sum(map(is_gone, feedback()))
    assert values(project)["unknown_feedback_rate"][0] == pytest.approx(gone / len(feedback()))


def raters(events: list[dict[str, Any]]) -> pd.DataFrame:
    """Latest judgement of each rater: rows predictions, columns raters."""
    frame = pd.DataFrame([row for row in events if row["kind"] in ("approval", "correction")])
    said = log().set_index(log()["prediction_id"].astype(str))["y_pred"].astype(str)
    skewed = frame["occurred_at"] > frame["received_at"]
    frame["said_at"] = frame["occurred_at"].where(~skewed, frame["received_at"])
    frame["given"] = frame["label"].where(frame["kind"] == "correction", frame["prediction_id"].map(said))
    frame["rater"] = frame["reviewer"] + " of " + frame["source"]
    latest = frame.sort_values(["said_at", "received_at", "feedback_id"]).groupby(["prediction_id", "rater"])["given"].last()
    return latest.unstack()


def alpha(table: pd.DataFrame) -> float:
    """Krippendorff's alpha, nominal, by its coincidence matrix."""
    pairs: dict[tuple[str, str], float] = {}
    for _, row in table.iterrows():
        given = row.dropna().tolist()
        for i, j in ((i, j) for i in range(len(given)) for j in range(len(given)) if i != j):
            pairs[given[i], given[j]] = pairs.get((given[i], given[j]), 0) + 1 / (len(given) - 1)
    n = sum(pairs.values())
    totals: dict[str, float] = {}
    for (one, _), count in pairs.items():
        totals[one] = totals.get(one, 0) + count
    observed = sum(count for (one, other), count in pairs.items() if one != other)
    return 1 - (n - 1) * observed / sum(totals[one] * totals[other] for one in totals for other in totals if one != other)


def test_agreement(project: Project) -> None:
    table, found = raters(feedback()), values(project)
    kappas = {}
    for one, other in combinations(sorted(table.columns), 2):
        both = table[[one, other]].dropna()
        if len({*both[one], *both[other]}) < 2:
            continue  # nothing to agree on
        kappas[f"{one} x {other}"] = cohen_kappa_score(both[one], both[other])
        pair = values(project, segment="raters", segment_value=f"{one} x {other}")["annotator_kappa"]
        assert pair[:2] == (pytest.approx(kappas[f"{one} x {other}"]), len(both))
    assert found["annotator_kappa"][0] == pytest.approx(np.mean(list(kappas.values())))
    judged = table[table.notna().sum(axis=1) > 1]
    assert found["krippendorff_alpha"][:2] == (pytest.approx(alpha(judged)), len(judged))
    assert found["disagreement_rate"][0] == pytest.approx((judged.nunique(axis=1) > 1).mean())
    assert values(project, "kind")["fleiss_kappa"][0] == pytest.approx(0.210, abs=5e-4)
    assert values(project, "price")["krippendorff_alpha"][0] == pytest.approx(0.849, abs=5e-4)
    nominal = pd.DataFrame([[None if value == "*" else value for value in line.split()] for line in KRIPPENDORFF]).T
    assert alpha(nominal) == pytest.approx(0.743, abs=5e-4)


def test_verdicts_and_business_figures(project: Project) -> None:
    verdicts = dict(project.rows(f"select metric, status from {MART}verdicts where monitor = 'm' and window_start = '{START + pd.Timedelta(days=DAYS - 1)}'"))
    assert verdicts["override_rate"] == "warning" and verdicts["revenue"] == "ok"
    assert values(project, span=1)["revenue"][0] == 8.0
    assert values(project, "kind", span=1)["takings"][0] == 2.0, "a date is a day of the monitor's time zone"
    rows = project.frame(f"select * from {MART}kpi_correlations where metric = 'override_rate'").set_index("lag")
    series = dict(project.rows(f"select window_start, metric_value from {MART}metric_values where monitor = 'm' and metric = 'override_rate' and span = 1 and segment = '__all__' and model_version = '__all__' order by window_start"))
    metric, kpi = np.array(list(series.values())), np.array([10.0, 20.0, 5.0, 8.0])
    assert rows.loc[0, "correlation"] == pytest.approx(np.corrcoef(metric, kpi)[0, 1])
    assert rows.loc[1, "correlation"] == pytest.approx(np.corrcoef(metric[:-1], kpi[1:])[0, 1])


@pytest.mark.parametrize(
    ("verdict", "table", "source", "rows"),
    [
        ("m/override_rate", "behaviour_profiles", "predictions", DAYS * ROWS),
        ("kind/takings/__all__/2025-12-31T05:00:00", None, "takings", 1),
        ("price/latency_p95", "service_profiles", "prices", 12),
        ("price/mean_price", "custom_profiles", "prices", 12),
    ],
)
def test_a_verdict_is_explained_by_what_it_is_made_of(project: Project, verdict: str, table: str | None, source: str, rows: int) -> None:
    made = explain(Warehouse.from_dbt(project.directory), DbtProject.load(project.directory), verdict)
    assert (made.profile_table, made.row_count, source in made.rows_query) == (table, rows, True)
    names = [one["node"].split(".")[-1] for one in made.models]
    if table is None:
        assert made.profile == [] and "ml_monitor__kpi_values" in names and "amount" in project.frame(made.rows_query)
    else:
        assert sum(row["n"] for row in made.profile if row.get("part") in (None, 1, "totals")) == rows
        assert f"{verdict.split('/')[0]}__{table.removesuffix('s')}" in names


def test_later_feedback_touches_its_window_alone(project: Project) -> None:
    written = f"select window_start, max(updated_at) from {MART}behaviour_profiles where monitor = 'm' group by window_start order by window_start"
    before = dict(project.rows(written))
    clicks = values(project)["click_through_rate"][0]
    quiet = next(i for i in range(ROWS, 2 * ROWS) if not any(row["kind"] == "click" and row["prediction_id"] in (str(i), None) for row in feedback() if row["prediction_id"] == str(i) or row["request_id"] == f"r{i // 2}"))
    say(project, [event("click", quiet, at=START + pd.Timedelta(days=DAYS, hours=1))])
    project.run("-s", "m__behaviour_profile", "ml_monitor__behaviour_profiles", "ml_monitor__behaviour", "ml_monitor__metric_values")
    after = dict(project.rows(written))
    assert [window for window in before if after[window] != before[window]] == [START + pd.Timedelta(days=1)]
    assert values(project)["click_through_rate"][0] == pytest.approx(clicks + 1 / (DAYS * ROWS))


def test_a_window_is_counted_again_when_as_many_events_came_as_left(project: Project) -> None:
    gone = next(row for row in feedback() if is_gone(row) and row["received_at"] >= START + pd.Timedelta(days=1))
    window = gone["received_at"].normalize()
    first = int((window - START).days) * ROWS
    totals = "case when part = 'totals' and segment = '__all__' then"
    counted = f"select sum(case when part = 'unknown' then n else 0 end), sum({totals} n_events else 0 end), sum({totals} n_skewed else 0 end) from {MART}behaviour_profiles where monitor = 'm' and window_start = '{window}'"
    ((unknown, events, skewed),) = project.rows(counted)
    # The prediction of one of its events comes, in another window; and a click on a request, said before there was any prediction of it.
    project.load("predictions", pd.concat([log(), log().head(1).assign(prediction_id=int(gone["prediction_id"]), request="another")]))
    early = log()["predicted_at"][first] - pd.Timedelta(days=2)
    say(project, [event("click", None, at=window + pd.Timedelta(days=1), request_id=log()["request"][first], occurred_at=early)])
    project.run("-s", "m__outcome_profile", "m__behaviour_profile", "ml_monitor__behaviour_profiles")
    assert project.rows(counted) == [(unknown - 1, events + 1, skewed + 1)]


def test_pairs_are_of_those_who_judge_most_of_all(project: Project) -> None:
    """Not of those who judge most in the windows that are counted again."""
    say(project, [event("correction", 100, at=START + pd.Timedelta(days=3), monitor="kind", label="0", reviewer=f"s{rater}") for rater in range(2)])
    project.run("-s", "kind__behaviour_profile", "ml_monitor__behaviour_profiles")
    judged = f"from {MART}behaviour_profiles where monitor = 'kind' and part ="
    assert project.rows(f"select count(*) {judged} 'units'") == [(2,)]
    assert project.rows(f"select distinct key_1, key_2 {judged} 'pair'") == [("r0 of users", "r1 of users")]
