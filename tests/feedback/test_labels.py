"""Labels resolved in SQL: hand-made cases, and thousands of random ones against a resolution written in Python."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.feedback.events import event, say
from tests.project import PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
NOW = "2026-01-20 00:00:00"
SOURCES = {
    "outcomes": {"relation": "raw.outcomes"},
    "experts": {"trust": 0.9, "votes": "reviewers", "priority": 2},
    "partners": {"trust": 0.8, "priority": 2},
    "users": {"trust": 0.6, "priority": 4},
}
RULES = {
    "liked": {"kind": "thumb", "at_least": 1, "means": "right", "weight": 0.5},
    "disliked": {"kind": "thumb", "at_most": 0, "means": "wrong", "weight": 0.5},
    "clicked": {"kind": "click", "label": 1, "weight": 0.2, "sources": ["users"]},
}
MONITOR: dict[str, Any] = {
    "predictions": "raw.predictions",
    "labels": {"sources": SOURCES, "rules": RULES, "min_weight": 0.3},
    "reference": {"from": "2026-01-01", "to": "2026-01-05"},
    "features": {"x": "numeric"},
    "rolling": [2],
    "min_rows": 1,
}


def predictions(n: int = 60, days: int = 15) -> pd.DataFrame:
    """Predictions p = 0 … n - 1, evenly over the days; the class is the parity of the number."""
    number = np.arange(n)
    at = pd.Timestamp("2026-01-01") + pd.to_timedelta(number * days * 86400 // n, unit="s")
    return pd.DataFrame({"prediction_id": number, "predicted_at": at, "model_version": "m1", "x": number * 1.0, "y_score": (number % 10) / 10, "y_pred": number % 2})


def outcomes(*rows: tuple[int, int, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows or [(-1, 0, "2026-01-01")], columns=["prediction_id", "label", "labelled_at"])
    return frame.assign(labelled_at=pd.to_datetime(frame["labelled_at"]))


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    kind: Any = {"server": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    logs = {"predictions": predictions(), "outcomes": outcomes()}
    made = (PostgresProject if kind else Project)(tmp_path_factory.mktemp("labels") / "project", {"m": MONITOR}, logs=logs, now=NOW, **kind)
    made.run("-s", "ml_monitor__feedback_events")
    return made


def resolved(project: Project, events: list[dict[str, Any]], now: str | None = None) -> dict[str, dict[str, Any]]:
    """The labels that these events alone make, by prediction."""
    project.execute("delete from main_ml_monitor.ml_monitor__feedback_events")
    say(project, events)
    project.run("-s", "m__labels", "ml_monitor__labels", now=now)
    return {row["prediction_id"]: row for row in project.frame(f"select * from {MART}labels").to_dict("records")}


def test_who_is_believed(project: Project) -> None:
    project.load("outcomes", outcomes((10, 1, "2026-01-16 00:00"), (11, 0, None)))
    wrong = event("correction", 5, at="2026-01-16 01:00", source="experts", label="0", reviewer="ann")
    events = [
        # 0: a correction after an approval by the same source; 1: the other way round: the latest counts
        event("approval", 0, at="2026-01-16 01:00"), event("correction", 0, at="2026-01-16 02:00", label="1"),
        event("correction", 1, at="2026-01-16 01:00", label="0"), event("approval", 1, at="2026-01-16 02:00"),
        # 2: a weak signal of a better source does not stand against a correction
        event("thumb", 2, at="2026-01-16 03:00", source="experts", value=1.0), event("correction", 2, at="2026-01-16 01:00", label="true"),
        # 3: two experts against one; the user is not asked
        *(event("correction", 3, at=f"2026-01-16 0{hour}:00", source="experts", reviewer=who, label=label) for hour, who, label in [(1, "ann", "0"), (2, "bob", "1"), (3, "cy", "0")]),
        event("correction", 3, at="2026-01-16 04:00", label="1"),
        # 4: a tie
        event("correction", 4, at="2026-01-16 01:00", source="experts", reviewer="ann", label="1"), event("approval", 4, at="2026-01-16 02:00", source="experts", reviewer="bob"),
        event("correction", 40, at="2026-01-16 01:00", source="experts", reviewer="ann", label="1"), event("correction", 40, at="2026-01-16 02:00", source="experts", reviewer="bob", label="0"),
        # 5: taken back by its own source; 6: another source cannot take it back
        wrong, event("complaint", 5, at="2026-01-17", source="experts", supersedes_feedback_id=wrong["feedback_id"]),
        (kept := event("correction", 6, at="2026-01-16 01:00", source="experts", label="1")),
        event("correction", 6, at="2026-01-16 02:00", label="0", supersedes_feedback_id=kept["feedback_id"]),
        # 7: a click is too weak alone; 8, 9: a thumb is not; 12: no rule makes a label of it, and 13: nobody declared its source
        event("click", 7, at="2026-01-16"), event("thumb", 8, at="2026-01-16", value=0.0, source="experts"), event("thumb", 9, at="2026-01-16", value=1.0, source="experts"),
        event("abandonment", 12, at="2026-01-16"), event("correction", 13, at="2026-01-16", source="strangers", label="1"),
        # 10, 11: the outcome comes first whatever people say
        event("correction", 10, at="2026-01-17", source="experts", label="0"), event("correction", 11, at="2026-01-17", source="experts", label="1"),
        # no such prediction; a label that is none
        event("correction", "nobody'; drop table x", at="2026-01-16", label="1"), event("correction", 14, at="2026-01-16", label="<b>maybe</b>"),
        # 15: said before by a clock that is years behind, so it came last; 16: by one that is ahead
        event("correction", 15, at="2026-01-17 05:00", label="1", occurred_at=pd.Timestamp("1999-01-01")), event("correction", 15, at="2026-01-17 04:00", label="0"),
        event("correction", 16, at="2026-01-17 04:00", label="1", occurred_at=pd.Timestamp("2031-01-01")), event("correction", 16, at="2026-01-17 05:00", label="0"),
        # 17: two sources of one priority, the one with more trust
        event("correction", 17, at="2026-01-17 04:00", label="1", source="partners"), event("correction", 17, at="2026-01-17 05:00", label="0", source="experts"),
    ]  # fmt: skip
    found = resolved(project, events)
    expected = {
        "0": ("1", "resolved"), "1": ("1", "resolved"), "2": ("1", "resolved"), "3": ("0", "resolved"), "4": ("1", "resolved"), "40": (None, "conflict"),
        "5": (None, "retracted"), "6": ("1", "resolved"), "7": (None, "too_weak"), "8": ("1", "resolved"), "9": ("1", "resolved"), "10": ("1", "resolved"),
        "11": ("0", "resolved"), "nobody'; drop table x": (None, "unknown_prediction"), "14": (None, "invalid"), "15": ("1", "resolved"), "16": ("0", "resolved"),
        "17": ("0", "resolved"),
    }  # fmt: skip
    assert {key: (row["label"] if isinstance(row["label"], str) else None, row["status"]) for key, row in found.items()} == expected
    three = found["3"]
    assert (three["votes"], three["n_votes"], three["n_labels"], three["source"], three["rule"]) == ("0 x 2, 1 x 1", 3, 2, "experts", "correction")
    assert three["weight"] == pytest.approx(0.9 * 2 / 3)
    ids = {row["feedback_id"] for row in events if row["prediction_id"] == "3" and row["label"] == "0"}
    assert set(three["event_ids"].split(", ")) == ids
    assert found["7"]["candidate"] == "1" and found["7"]["is_weak"]
    assert pd.isna(found["11"]["labelled_at"]) and found["10"]["labelled_at"] == pd.Timestamp("2026-01-16")
    # as it was known before
    before = resolved(project, events, now="2026-01-16 02:30:00")
    assert before["3"]["status"] == "conflict" and before["5"]["label"] == "0" and "9" in before
    project.load("outcomes", outcomes())


def independent(events: pd.DataFrame, moment: pd.Timestamp) -> tuple[str | None, str]:
    """The label of one prediction at a time, by the rules of the docs, without SQL. Its prediction is known: `said`."""
    gone = set()
    for _, row in events.iterrows():
        if row["supersedes_feedback_id"] and row["received_at"] <= moment:
            gone |= {other["feedback_id"] for _, other in events.iterrows() if other["feedback_id"] == row["supersedes_feedback_id"] and other["source"] == row["source"] and other["received_at"] <= row["received_at"]}
    latest: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for _, row in events.iterrows():
        if row["received_at"] > moment or row["feedback_id"] in gone or row["source"] not in SOURCES:
            continue
        said = row["prediction"]
        rule, weak, weight, label = row["kind"], 0, 1.0, None
        if row["kind"] == "correction":
            label = row["label"]
        elif row["kind"] == "approval":
            label = said
        elif row["kind"] == "thumb":
            rule, weak, weight, label = ("liked", 1, 0.5, said) if row["value"] >= 1 else ("disliked", 1, 0.5, str(1 - int(said)))
        elif row["kind"] == "click" and row["source"] == "users":
            rule, weak, weight, label = "clicked", 1, 0.2, "1"
        else:
            continue
        voter = row["reviewer"] if row["source"] == "experts" else ""
        key = (row["source"], voter, weak, rule if weak else None)
        value = (row["occurred_at"], row["received_at"], row["feedback_id"], label, rule, weight * SOURCES[row["source"]].get("trust", 1))
        latest[key] = max(latest.get(key, value), value)
    priorities = {"experts": 2, "partners": 2, "users": 4}
    if not latest:
        return None, "retracted"
    best = min((key[2], priorities[key[0]]) for key in latest)
    weights: dict[str, list[Any]] = defaultdict(lambda: [0.0, 0, 0.0])
    for key, (_, _, _, label, rule, weight) in latest.items():
        if (key[2], priorities[key[0]]) == best:
            tally = weights[label]
            tally[0], tally[1], tally[2] = round(tally[0] + weight, 9), max(tally[1], int(rule == "correction")), max(tally[2], weight)
    ranked = sorted(weights.items(), key=lambda item: (-item[1][0], -item[1][1]))
    label, tally = ranked[0]
    if len(ranked) > 1 and ranked[1][1][:2] == tally[:2]:
        return None, "conflict"
    if best[0] == 1 and tally[2] * tally[0] / sum(item[0] for item in weights.values()) < 0.3:
        return None, "too_weak"
    return label, "resolved"


def random_events() -> list[dict[str, Any]]:
    """One to seven words about each prediction, some of which take back earlier ones."""
    random = np.random.default_rng(4)
    events: list[dict[str, Any]] = []
    for number in range(60):
        earlier: list[dict[str, Any]] = []
        for _ in range(random.integers(1, 8)):
            kind = str(random.choice(["approval", "correction", "thumb", "click", "dwell"], p=[0.25, 0.35, 0.2, 0.1, 0.1]))
            at = pd.Timestamp("2026-01-16") + pd.Timedelta(minutes=int(random.integers(0, 3000)))
            fields: dict[str, Any] = {"occurred_at": at - pd.Timedelta(minutes=int(random.integers(0, 60))), "reviewer": str(random.choice(["ann", "bob", "cy"]))}
            fields |= {"label": str(random.integers(0, 2))} if kind == "correction" else {"value": float(random.integers(0, 2))} if kind in ("thumb", "dwell") else {}
            if earlier and random.uniform() < 0.3:
                fields["supersedes_feedback_id"] = earlier[random.integers(len(earlier))]["feedback_id"]
            earlier.append(event(kind, number, at=at, source=str(random.choice(["experts", "partners", "users", "strangers"], p=[0.5, 0.1, 0.3, 0.1])), **fields))
        events += earlier
    return events


def test_random_events_against_python(project: Project) -> None:
    events = random_events()
    found = resolved(project, events)
    frame = pd.DataFrame(events).merge(predictions()[["prediction_id", "y_pred"]].astype(str).rename(columns={"y_pred": "prediction"}), on="prediction_id")
    history = project.frame("select prediction_key, label, status, labelled_at from main_ml_monitor.m__labels")
    statuses, compared = set(), 0
    for number, group in frame.groupby("prediction_id"):
        own = history[history["prediction_key"] == number]
        for moment in sorted(group["received_at"]):
            past = own[own["labelled_at"] <= moment].sort_values("labelled_at")
            if past.empty:
                continue
            state = past.iloc[-1]
            label, status = independent(group, moment)
            assert ((state["label"] if isinstance(state["label"], str) else None), state["status"]) == (label, status), (number, moment)
            statuses.add(status)
            compared += 1
        if str(number) in found:
            final = independent(group, group["received_at"].max())
            assert found[str(number)]["status"] == final[1]
    assert compared > 150 and statuses >= {"resolved", "conflict", "too_weak"}, statuses


def test_performance_of_resolved_labels(project: Project) -> None:
    """Two runs: the second hears what was said after the first, and only the windows whose labels changed are counted again."""
    events = random_events()
    resolved(project, events, now="2026-01-16 18:00:00")
    frame = pd.DataFrame(events).merge(predictions()[["prediction_id", "y_pred"]].astype(str).rename(columns={"y_pred": "prediction"}), on="prediction_id")
    heard = []
    for now in ("2026-01-16 18:00:00", NOW):
        project.run("-s", "+ml_monitor__performance", now=now)
        known = frame[frame["received_at"] < pd.Timestamp(now)]
        labels = {int(number): independent(group, pd.Timestamp(now))[0] for number, group in known.groupby("prediction_id")}
        log = predictions().assign(label=predictions()["prediction_id"].map(labels))
        days = log.groupby(log["predicted_at"].dt.floor("D"))
        right = log[log["label"].notna()].assign(right=lambda rows: rows["label"] == rows["y_pred"].astype(str)).groupby(log["predicted_at"].dt.floor("D"))["right"].mean()
        sql = f"select window_start, metric, metric_value from {MART}performance where monitor = 'm' and span = 1 and segment = '__all__' and model_version = '__all__' and metric in ('accuracy', 'label_coverage')"
        found = project.frame(sql).pivot(index="window_start", columns="metric", values="metric_value")
        assert len(found) == len(days) == 15
        np.testing.assert_allclose(found["label_coverage"], days["label"].apply(lambda said: said.notna().mean()))
        np.testing.assert_allclose(found["accuracy"], right.reindex(found.index).to_numpy())
        heard.append(labels)
    assert heard[0] != heard[1] and len(heard[0]) > 30
