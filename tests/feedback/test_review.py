"""The review queue on a warehouse: what is asked, with what probability it was drawn, and who holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from ml_monitor.review.claims import ReviewError, claim, claim_next, release, waiting
from ml_monitor.warehouse import Warehouse
from tests.feedback.events import event, say
from tests.project import PostgresProject, Project

MART = "main_ml_monitor.ml_monitor__"
START = pd.Timestamp("2026-01-01")
ROWS, BUDGET, DRAWS = 200, 20, 120
MONITOR: dict[str, Any] = {
    "predictions": "raw.predictions",
    "labels": {"sources": {"reviewers": {"votes": "reviewers"}}},
    "review": {"budget": BUDGET, "exploration": 0.25, "windows": 3, "weights": {"unseen": 2}},
    "comparison": {"on": "case_id"},
    "reference": {"relation": "raw.reference"},
    "features": {"x": "numeric", "plan": "categorical"},
    "segments": [{"column": "plan", "top": 1}],  # the plan that moves is among the others
    "rolling": [],
    "min_rows": 10,
}


def log(days: int = 6) -> pd.DataFrame:
    """Two plans; of the second the input moves on the last day. Every tenth case has a second version that may disagree."""
    random = np.random.default_rng(1)
    n = days * ROWS
    day, plan = np.arange(n) // ROWS, random.choice(["basic", "pro"], size=n)
    x = random.normal(size=n) + np.where((plan == "pro") & (day == days - 1), 3, 0)
    score = (1 / (1 + np.exp(-random.normal(scale=2, size=n)))).round(3)
    at = START + pd.to_timedelta(np.arange(n) * 86400 / ROWS, unit="s")
    first = pd.DataFrame({"prediction_id": [f"p{i}" for i in range(n)], "predicted_at": at, "model_version": "m1", "case_id": np.arange(n), "x": x, "plan": plan, "y_score": score})
    second = first.iloc[::10].assign(prediction_id=lambda rows: "s" + rows["prediction_id"], model_version="m2", y_score=lambda rows: (1 - rows["y_score"]).round(3))
    both = pd.concat([first, second], ignore_index=True)
    both.loc[both["prediction_id"] == f"p{n - 7}", "plan"] = "never seen"
    return both.assign(y_pred=(both["y_score"] > 0.5).astype(int))


def now(day: int) -> str:
    return str(START + pd.Timedelta(days=day, hours=1))


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    kind: Any = {"server": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    whole = log()
    logs = {"predictions": whole, "reference": whole[(whole["predicted_at"] < START + pd.Timedelta(days=5)) & (whole["plan"] != "never seen")]}
    made = (PostgresProject if kind else Project)(tmp_path_factory.mktemp("review") / "project", {"m": MONITOR}, logs=logs, now=now(3), **kind)
    made.run("-s", "+ml_monitor__review_queue")
    yield made


def queue(project: Project) -> pd.DataFrame:
    return project.frame(f"select * from {MART}review_queue order by queue_date, place")


def warehouse(project: Project) -> Warehouse:
    return Warehouse.from_dbt(project.directory)


def test_days_of_the_queue(project: Project) -> None:
    first = queue(project)
    assert len(first) == BUDGET and first["is_exploration"].sum() == BUDGET // 4
    drawn = first[first["is_exploration"]]
    # all that was predicted in three days, twice for every tenth case
    assert drawn["propensity"].to_numpy() == pytest.approx(5 / (3 * ROWS * 1.1))
    assert drawn["stratum"].nunique() == 5
    assert list(first["place"]) == list(range(1, BUDGET + 1))
    model = ("m__labels", "m__review_queue", "ml_monitor__labels", "ml_monitor__review_queue")
    project.run("-s", *model, now=now(3))
    assert queue(project).equals(first)  # the budget of the day is spent
    answered, disputed, split = first["prediction_id"].iloc[:3]
    at = START + pd.Timedelta(days=3, hours=2)
    place, moment = warehouse(project), at.to_pydatetime()
    claim(place, "m", split, "ann", moment)
    assert release(place, "m", split, "ann", moment + timedelta(minutes=1), answered=True)
    assert queue(project).set_index("prediction_id")["status"][split] == "answered"
    say(project, [
        event("correction", split, at=at, source="reviewers", reviewer="ann", label="1"),
        event("correction", split, at=at + timedelta(minutes=2), source="reviewers", reviewer="bob", label="0"),
        event("approval", answered, at=at, source="reviewers", reviewer="ann"),
        event("correction", disputed, at=at, source="reviewers", reviewer="ann", label="1"), event("correction", disputed, at=at, source="reviewers", reviewer="bob", label="0"),
        event("thumb", "p790", at=at, value=0.0),
    ])  # fmt: skip
    project.run("-s", *model, now=now(4))
    second = queue(project)
    new = second[second["queue_date"] > first["queue_date"].max()]
    assert len(new) == BUDGET and second["prediction_id"].is_unique
    # the second draw covers the day that the first did not
    drawn = new[new["is_exploration"]]
    assert drawn["propensity"].to_numpy() == pytest.approx(5 / (ROWS * 1.1))
    assert (drawn["predicted_at"] >= START + pd.Timedelta(days=3)).all()
    assert second.set_index("prediction_id")["status"][answered] == "answered"
    for contradicted in (disputed, split):
        assert second.set_index("prediction_id")["status"][contradicted] == "open"
        with pytest.raises(ReviewError, match="another answer than that of ann"):
            claim(place, "m", contradicted, "ann", moment + timedelta(days=1))
        assert claim(place, "m", contradicted, "cy", moment + timedelta(days=1)).reviewer == "cy"
        assert release(place, "m", contradicted, "cy", moment + timedelta(days=1))
    say(project, [event("correction", split, at=at + timedelta(days=1), source="reviewers", reviewer="cy", label="1")])
    with pytest.raises(ReviewError, match="has been answered"):
        claim(place, "m", split, "dan", moment + timedelta(days=1))
    rest = new[~new["is_exploration"]]
    assert (rest["priority"].diff().dropna() <= 1e-12).all()
    assert {"disagreement"} <= set(rest["reason"])
    # one version of a case is enough
    assert not (set(rest["prediction_id"]) & set("s" + rest["prediction_id"]))


def test_drifted_segments_and_unseen_categories_come_first(project: Project) -> None:
    project.run("-s", "+ml_monitor__review_queue", now=now(6))
    everything = queue(project)
    new = everything[everything["queue_date"] == pd.Timestamp("2026-01-07")]
    last = new[~new["is_exploration"]].merge(log()[["prediction_id", "plan"]], on="prediction_id")
    assert (last["plan"] != "basic").mean() > 0.8
    assert (last["plan"].iloc[0], last["reason"].iloc[0]) == ("never seen", "unseen")


def test_people_hold_what_they_look_at(project: Project) -> None:
    place, moment = warehouse(project), datetime(2026, 1, 7, 9)
    before = waiting(place, "m", moment)
    with ThreadPoolExecutor(4) as pool:
        items = list(pool.map(lambda who: claim_next(place, "m", f"r{who}", moment), range(8)))
    held = [item.prediction_id for item in items if item]
    assert len(set(held)) == 8 and waiting(place, "m", moment) == before - 8
    again = claim_next(place, "m", "r0", moment)
    assert again and again.prediction_id == held[0]
    with pytest.raises(ReviewError, match="held by r0 until 09:30"):
        claim(place, "m", held[0], "r1", moment)
    with pytest.raises(ReviewError, match="not in the review queue"):
        claim(place, "m", "nobody'; drop table x", "r1", moment)
    # an expired claim is anybody's; who let it expire has not lost the place of others
    late = moment + timedelta(hours=1)
    assert claim(place, "m", held[0], "r1", late).reviewer == "r1"
    assert not release(place, "m", held[0], "r0", late)
    assert release(place, "m", held[0], "r1", late)
    assert claim(place, "m", held[0], "r2", late).reviewer == "r2"
    assert release(place, "m", held[0], "r2", late, answered=True)
    with pytest.raises(ReviewError, match="has been answered"):
        claim(place, "m", held[0], "r3", late)
    # an answer that is in the warehouse counts before dbt has made a label of it
    say(project, [event("approval", held[1], at=late, source="reviewers", reviewer="r1")])
    with pytest.raises(ReviewError, match="has been answered"):
        claim(place, "m", held[1], "r1", late)


@pytest.mark.parametrize("project", ["duckdb"], indirect=True)
def test_weighted_exploration_is_unbiased(project: Project) -> None:
    """The draw's own SQL with many starts: mean of the weighted accuracies = accuracy of everybody; what is asked first is far from it."""
    text = next(project.directory.glob("target/compiled/**/m__review_queue.sql")).read_text()
    text = re.sub(r"\s+left join \S+ as queued on queued.prediction_id = versions.prediction_key", "", text)
    text = text.replace("and queued.prediction_id is null", "")
    text = re.sub(r"and predicted_at >= coalesce\(\(select max\(frame_until\).*", "", text)
    text = re.sub(r"and not exists \(select 1 from .*", "", text)
    text = re.sub(r"select count\(\*\) as n from \S+ where queue_date = .*", "select 0 as n", text)
    starts = set(re.findall(r"n_frame \+ (0\.\d+)", text))
    assert len(starts) == 1
    random = np.random.default_rng(0)
    whole = log()
    # wrong more often where the score is unsure, and in the segment that moved: where people are asked first
    chance = 0.5 + (whole["y_score"] - 0.5).abs() - np.where(whole["plan"] == "basic", 0, 0.4)
    right = pd.Series(random.uniform(size=len(whole)) < chance.to_numpy(), index=whole["prediction_id"])
    everybody = right[(whole["predicted_at"] >= START + pd.Timedelta(days=3)).to_numpy() & (whole["predicted_at"] < START + pd.Timedelta(days=6)).to_numpy()]
    weighted, chosen, counts = [], [], pd.Series(0.0, index=everybody.index)
    with duckdb.connect(str(project.database)) as connection:
        labelled = set(connection.execute("select prediction_key from main_ml_monitor.m__labels where is_current and status = 'resolved'").df()["prediction_key"])
        everybody = everybody[~everybody.index.isin(labelled)]
        for _ in range(DRAWS):
            rows = connection.execute(text.replace(starts.copy().pop(), f"{random.uniform():.9f}")).df()
            drawn = rows[rows["is_exploration"]]
            weights = 1 / drawn["propensity"].to_numpy()
            weighted.append((weights * right[drawn["prediction_id"]].to_numpy()).sum() / weights.sum())
            chosen.append(right[rows.loc[~rows["is_exploration"], "prediction_id"]].mean())
            counts[drawn["prediction_id"]] += 1
    error = np.std(weighted) / np.sqrt(len(weighted))
    assert abs(np.mean(weighted) - everybody.mean()) < 3 * error
    assert np.mean(chosen) < everybody.mean() - 0.1
    propensity = float(drawn["propensity"].iloc[0])
    assert counts[everybody.index].mean() / DRAWS == pytest.approx(propensity, rel=0.01)
    assert counts[everybody.index].max() / DRAWS < propensity + 5 * np.sqrt(propensity / DRAWS)


def test_a_draw_covers_windows_before_anything_is_asked_of_them_and_keeps_the_budget(tmp_path: Path) -> None:
    """Hours that close after the day's draw, and a log that comes late."""
    random, n = np.random.default_rng(2), 3 * 24 * 10
    at = START + pd.to_timedelta(np.arange(n) * 360, unit="s")
    whole = pd.DataFrame({"prediction_id": [f"p{i}" for i in range(n)], "predicted_at": at, "model_version": "m1", "case_id": np.arange(n) // 2, "y_score": random.uniform(size=n)})
    whole = whole.assign(y_pred=(whole["y_score"] > 0.5).astype(int), x=whole["y_score"])
    first_draw, second_draw, third_draw = (START + pd.Timedelta(days=day, hours=1) for day in range(3))
    late = (at >= second_draw) & (at < third_draw)
    monitor = MONITOR | {"window": "hour", "features": {"x": "numeric"}, "segments": [], "review": {"budget": BUDGET, "exploration": 0.25}}
    project = Project(tmp_path / "project", {"h": monitor}, logs={"predictions": whole[~late], "reference": whole}, now=str(first_draw + pd.Timedelta(minutes=10)))
    project.run("-s", "+ml_monitor__review_queue")

    def asked(at: pd.Timestamp) -> pd.DataFrame:
        project.run("-s", "h__labels", "h__review_queue", now=str(at + pd.Timedelta(minutes=10)))
        rows = queue(project)
        return rows[rows["queue_date"] == at.normalize()]

    assert queue(project)["is_exploration"].sum() == 5
    assert asked(first_draw + pd.Timedelta(hours=10))["predicted_at"].max() < first_draw, "the hours since are in no draw yet"
    second = asked(second_draw)
    assert len(second) == BUDGET
    assert second["propensity"].dropna().to_list() == pytest.approx([5 / 240] * 5)
    # one version that saw a case twice does not disagree with another
    assert set(second["reason"]) == {"exploration", "uncertainty"}
    third = asked(third_draw)
    assert (len(third), third["is_exploration"].sum()) == (BUDGET, 0)
    project.load("predictions", whole)
    assert len(asked(third_draw + pd.Timedelta(hours=2))) == BUDGET
    last = asked(third_draw + pd.Timedelta(days=1))
    assert len(last) == BUDGET
    assert last["propensity"].dropna().to_list() == pytest.approx([5 / ((at >= second_draw).sum())] * 5)
