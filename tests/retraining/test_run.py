"""Whole runs and their steps: results, failures, interruptions."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_monitor.retraining import (
    ArtifactError,
    RetrainingError,
    TrainerError,
    champion,
    evaluate_candidate,
    load_model,
    plan,
    promote_candidate,
    register_version,
    resume_run,
    retrain,
    start_run,
    take_snapshot,
    train_candidate,
)
from ml_monitor.retraining.snapshots import labelled_rows
from ml_monitor.retraining.spec import GuardPolicy, load_spec
from ml_monitor.warehouse import WarehouseLocked
from tests.retraining.conftest import NOW, World, synthetic_logs

Toy = Callable[..., World]
STEPS: list[Callable[[World, str], Any]] = [
    lambda w, run: take_snapshot(w.warehouse, run, now=NOW, project_dir=w.directory),
    lambda w, run: train_candidate(w.warehouse, run, now=NOW, project_dir=w.directory),
    lambda w, run: evaluate_candidate(w.warehouse, run, now=NOW, project_dir=w.directory),
    lambda w, run: promote_candidate(w.warehouse, run, now=NOW),
]


def started(world: World, now: datetime = NOW) -> str:
    decision = plan(world.warehouse, world.monitor, now=now, trigger="manual")
    return start_run(world.warehouse, world.monitor, decision, now=now).training_run_id


@pytest.mark.parametrize(
    ("positive", "words"),
    [
        (None, {1: "Y", 0: "No", 2: "maybe"}),
        ("it's: Churned", {1: "It's: churned", 0: "stays", 2: None}),
        ([2, "gone"], {1: "2.0", 0: "1", 2: None}),
        (True, {1: "True", 0: "False", 2: None}),
    ],
)
def test_labels_are_read_as_the_monitor_reads_them(toy: Toy, positive: Any, words: dict[int, str | None]) -> None:
    logs = synthetic_logs()
    truth = logs["labels"]["label"].astype(int).copy()
    truth.iloc[::10] = 2
    logs["labels"] = logs["labels"].assign(label=truth.map(words))
    world = toy(logs=logs, positive=positive)
    rows = labelled_rows(world.warehouse, load_spec(world.warehouse, "toy"), NOW)
    expected = {one: float(label) for one, label in zip(logs["labels"]["id"], truth, strict=True) if label != 2}
    # The label of the very last prediction comes after the cut-off.
    expected.pop(logs["labels"]["id"].iloc[-1], None)
    assert dict(zip(rows["prediction_id"], rows["label"], strict=True)) == expected


def test_a_value_that_is_no_number_is_missing_and_not_an_error(toy: Toy) -> None:
    logs = synthetic_logs()
    logs["predictions"]["x"] = logs["predictions"]["x"].map(repr)
    logs["predictions"].loc[::100, "x"] = "N/A"
    world = toy(logs=logs)
    rows = labelled_rows(world.warehouse, load_spec(world.warehouse, "toy"), NOW)
    assert rows["x"].isna().sum() == 24
    known = dict(synthetic_logs()["predictions"][["id", "x"]].itertuples(index=False))
    present = rows.dropna(subset="x")
    assert [known[one] for one in present["prediction_id"]] == present["x"].tolist()


def test_nobody_wins_on_a_handful_of_rows(toy: Toy) -> None:
    world = toy()
    world.write_spec(min_rows=561)
    result = world.retrain()
    assert result.status == "kept" and result.reason.endswith("too few, 561 are needed (retraining.min_rows)")


def test_a_winner_is_promoted_and_everything_is_on_record(toy: Toy) -> None:
    world = toy()
    told: list[str] = []
    result = retrain(
        world.warehouse, "toy", now=NOW, trigger="manual", project_dir=world.directory, progress=told.append
    )
    assert (result.status, result.candidate_version, result.champion_version) == (
        "promoted",
        "r20240301",
        "r20240301",
    )
    assert json.loads(json.dumps(result.to_dict()))["evaluation"]["roc_auc"]["lower_bound"] > 0
    assert [line.split()[1] for line in told] == ["candidate", "labelled", "r20240301", "with", "r20240301"]
    assert world.stages() == {"v1": "previous", "r20240301": "champion"}

    [run] = world.rows("training_runs")
    [snapshot] = world.rows("dataset_snapshots")
    assert (run["status"], run["error"]) == ("promoted", None)
    assert run["dataset_snapshot_id"] == snapshot["dataset_snapshot_id"]
    # The label of the very last prediction comes after the cut-off.
    assert (snapshot["row_count"], snapshot["label_cutoff"]) == (2399, NOW)
    assert json.loads(snapshot["feature_list"]) == {"x": "numeric", "region": "categorical"}
    assert {(e["segment"], e["segment_value"]) for e in world.rows("evaluations")} == {
        ("__all__", "__all__"),
        ("region", "north"),
        ("region", "south"),
    }
    assert {e["sample_size"] for e in world.rows("evaluations") if e["segment"] == "__all__"} == {14 * 40}
    register, promote = sorted(world.rows("deployments"), key=lambda row: row["effective_at"])
    assert (register["action"], register["model_version"], register["previous_version"]) == (
        "register",
        "v1",
        None,
    )
    assert (promote["action"], promote["model_version"], promote["previous_version"]) == (
        "promote",
        "r20240301",
        "v1",
    )
    assert promote["training_run_id"] == run["training_run_id"]

    model = load_model(world.warehouse, "toy", "r20240301", project_dir=world.directory)
    assert model.predict_score(pd.DataFrame({"x": [3.0]}))[0] > 0.9  # type: ignore[union-attr]


def test_regression_is_judged_by_mae(toy: Toy) -> None:
    world = toy("line", task="regression", score=None, label="value")
    result = world.retrain()
    assert result.status == "promoted"
    assert result.evaluation is not None
    assert set(result.evaluation) == {"mae", "rmse", "bias"}
    assert result.evaluation["mae"]["upper_bound"] < 0  # type: ignore[operator]


def test_a_loser_is_kept_out_and_is_no_failure(toy: Toy) -> None:
    world = toy("useless")
    result = world.retrain()
    assert (result.status, result.champion_version) == ("kept", "v1")
    assert "not better beyond chance" in result.reason
    assert world.stages() == {"v1": "champion", "r20240301": "rejected"}


def test_a_winner_that_harms_a_segment_is_kept_out(toy: Toy) -> None:
    logs = synthetic_logs(a_day=80)
    predictions = logs["predictions"]
    # The champion is right in the north and blind in the south, where four in five rows are.
    predictions["region"] = ["north" if i % 5 == 0 else "south" for i in range(len(predictions))]
    north = predictions["region"] == "north"
    predictions.loc[north, "score"] = (0.5 + 0.1 * predictions.loc[north, "x"]).clip(0, 1)
    predictions.loc[~north, "score"] = 0.5
    world = toy("wrong_in_the_north", logs=logs)
    result = world.retrain()
    assert result.status == "kept"
    assert "worse for region north" in result.reason


@pytest.mark.parametrize(
    ("trainer", "step", "words"),
    [
        ("raises", "train", "raised ValueError: the solver did not converge"),
        ("exits", "train", "raised SystemExit: the licence has run out"),
        ("no_model", "train", "returned int without the method predict_score(frame)"),
        ("absent", "train", "has no function 'absent'"),
        ("not_pickled", "train", "cannot be pickled"),
        ("returns_nan", "evaluate", "NaN or infinity for 1 of 560 rows"),
        ("returns_short", "evaluate", "returned shape (559,) for 560 rows"),
        ("returns_large", "evaluate", "scores from 1.5 to 1.5, allowed: 0 to 1"),
        ("fails_to_predict", "evaluate", "raised KeyError"),
    ],
)
def test_broken_user_code_fails_the_run_and_nothing_else(
    toy: Toy, trainer: str, step: str, words: str
) -> None:
    world = toy(trainer)
    result = world.retrain()
    assert result.status == "failed"
    assert words in result.reason
    [run] = world.rows("training_runs")
    assert (run["step"], run["error"]) == (step, result.reason)
    assert {v: s for v, s in world.stages().items() if s != "rejected"} == {"v1": "champion"}
    with pytest.raises(RetrainingError, match="has ended"):
        promote_candidate(world.warehouse, run["training_run_id"], now=NOW)


def test_a_trainer_in_no_module(toy: Toy) -> None:
    world = toy()
    world.write_spec(trainer="nowhere_to_be_found:train")
    assert "no module 'nowhere_to_be_found'" in world.retrain().reason


def one_class_in_holdout(logs: dict[str, pd.DataFrame]) -> None:
    logs["labels"].loc[logs["labels"]["labelled_at"] > "2024-02-10", "label"] = 0.0


def no_labels(logs: dict[str, pd.DataFrame]) -> None:
    logs["labels"]["label"] = None


def only_new(logs: dict[str, pd.DataFrame]) -> None:
    for name, log in logs.items():
        logs[name] = log[-400:]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (one_class_in_holdout, "all 560 labels of the holdout rows are 0, two classes are needed"),
        (no_labels, "no labelled predictions to train on"),
        (only_new, "no labelled predictions before the 14 days of holdout"),
    ],
)
def test_data_that_cannot_be_split(
    toy: Toy, spoil: Callable[[dict[str, pd.DataFrame]], None], words: str
) -> None:
    logs = synthetic_logs()
    spoil(logs)
    result = toy(logs=logs).retrain()
    assert result.status == "failed"
    assert words in result.reason


def test_the_snapshot_knows_only_what_was_known(toy: Toy) -> None:
    logs = synthetic_logs()
    labels = logs["labels"]
    corrections = labels[:3].assign(label=1 - labels[:3]["label"], labelled_at=pd.Timestamp("2024-02-01"))
    from_the_future = labels[3:6].assign(label=5.0, labelled_at=pd.Timestamp("2024-06-01"))
    withdrawn = labels[6:9].assign(label=None, labelled_at=pd.Timestamp("2024-02-01"))
    again = logs["predictions"][:1].assign(**{"predicted at": pd.Timestamp("2024-02-02"), "score": 0.99})
    logs["labels"] = pd.concat([labels, corrections, from_the_future, withdrawn])
    logs["predictions"] = pd.concat([logs["predictions"], again])
    world = toy(logs=logs)
    snapshot = take_snapshot(world.warehouse, started(world), now=NOW, project_dir=world.directory)
    frame = pd.read_parquet(snapshot.location).set_index("prediction_id")
    # a label that was taken back is none: the older one does not come back
    assert len(frame) == 2396
    assert not set(withdrawn["id"]) & set(frame.index)
    expected = labels.set_index("id")["label"]
    ids = list(labels["id"])
    assert (frame.loc[ids[:3], "label"] == 1 - expected[ids[:3]]).all()
    assert (frame.loc[ids[3:6], "label"] == expected[ids[3:6]]).all()
    assert frame.loc[ids[0], "logged_output"] != 0.99
    assert (
        frame[frame["split"] == "train"]["predicted_at"].max()
        < frame[frame["split"] == "holdout"]["predicted_at"].min()
    )


def test_train_days_shortens_the_training_rows_only(toy: Toy) -> None:
    world = toy()
    world.write_spec(train_days=10)
    snapshot = take_snapshot(world.warehouse, started(world), now=NOW, project_dir=world.directory)
    assert pd.read_parquet(snapshot.location)["split"].value_counts().to_dict() == {
        "holdout": 560,
        "train": 400,
    }


def test_the_hash_does_not_depend_on_the_order_of_rows(toy: Toy, tmp_path: Path) -> None:
    logs = synthetic_logs()
    world = toy(logs={name: log.sample(frac=1, random_state=1) for name, log in logs.items()})
    first = take_snapshot(world.warehouse, started(world), now=NOW, project_dir=world.directory)
    from ml_monitor.retraining.snapshots import content_sha256

    shuffled = pd.read_parquet(first.location).sample(frac=1, random_state=2)
    assert content_sha256(shuffled) == first.content_sha256
    shuffled.iloc[0, shuffled.columns.get_loc("x")] += 1e-9
    assert content_sha256(shuffled) != first.content_sha256


@pytest.mark.parametrize("done", range(len(STEPS) + 1))
def test_a_killed_run_is_resumed_to_the_same_end(toy: Toy, done: int) -> None:
    world = toy()
    run = started(world)
    for step in STEPS[:done]:
        step(world, run)
    result = resume_run(world.warehouse, run, now=NOW + timedelta(hours=1), project_dir=world.directory)
    assert (result.status, result.champion_version) == ("promoted", "r20240301")
    assert world.stages() == {"v1": "previous", "r20240301": "champion"}
    assert len(world.rows("dataset_snapshots")) == len(world.rows("training_runs")) == 1
    assert len(world.rows("deployments")) == 2
    assert len(world.rows("evaluations")) == 3 * 5


@pytest.mark.parametrize("step", STEPS, ids=["snapshot", "train", "evaluate", "promote"])
def test_a_step_done_twice_is_done_once(toy: Toy, step: Callable[[World, str], Any]) -> None:
    world = toy()
    run = started(world)
    for earlier in STEPS[: STEPS.index(step)]:
        earlier(world, run)
    first = step(world, run)
    tables = ("training_runs", "dataset_snapshots", "model_versions", "evaluations", "deployments")
    before = {name: world.rows(name) for name in tables}
    assert step(world, run) == first
    assert {name: world.rows(name) for name in tables} == before


def test_lost_files_are_made_again_from_the_logs(toy: Toy) -> None:
    world = toy()
    run = started(world)
    snapshot, version = (step(world, run) for step in STEPS[:2])
    Path(snapshot.location).unlink()
    Path(version.artifact_uri).unlink()
    assert resume_run(world.warehouse, run, now=NOW, project_dir=world.directory).status == "promoted"


def test_logs_that_changed_meanwhile_do_not_pass_for_the_recorded_rows(toy: Toy) -> None:
    world = toy()
    run = started(world)
    Path(STEPS[0](world, run).location).unlink()
    world.warehouse.execute("update main.labels set label = 1 - label where id = 'p00001'")
    with pytest.raises(RetrainingError, match="the logs no longer give the same rows"):
        STEPS[0](world, run)


def test_a_dataset_that_was_touched_is_not_used(toy: Toy) -> None:
    world = toy()
    run = started(world)
    location = Path(STEPS[0](world, run).location)
    frame = pd.read_parquet(location)
    frame["label"] = 1 - frame["label"]
    frame.to_parquet(location, index=False)
    with pytest.raises(ArtifactError, match="recorded was"):
        STEPS[1](world, run)


@pytest.mark.parametrize("step", STEPS[1:], ids=["train", "evaluate", "promote"])
def test_steps_in_the_wrong_order(toy: Toy, step: Callable[[World, str], Any]) -> None:
    world = toy()
    with pytest.raises(RetrainingError, match="first"):
        step(world, started(world))


def test_a_champion_that_changed_meanwhile_is_not_replaced(toy: Toy) -> None:
    world = toy()
    run = started(world)
    for step in STEPS[:3]:
        step(world, run)
    register_version(world.warehouse, "toy", "v2", now=NOW, reason="release")
    ended = promote_candidate(world.warehouse, run, now=NOW)
    assert ended.status == "kept"
    assert "champion is no longer 'v1': it is 'v2'" in (ended.reason or "")
    assert world.stages() == {"v1": "previous", "v2": "champion", "r20240301": "rejected"}
    [event] = world.rows("alert_events")
    assert event["metric"] == "training_run" and "promoted nobody" in event["reason"] and "it is 'v2'" in event["reason"]
    promote_candidate(world.warehouse, run, now=NOW)
    assert len(world.rows("alert_events")) == 1


def test_one_run_at_a_time_until_the_lease_is_over(toy: Toy) -> None:
    world = toy()
    dead = started(world)
    skipped = world.retrain(NOW + timedelta(hours=1))
    assert (skipped.status, skipped.champion_version) == ("skipped", "v1")
    assert f"{dead} is in flight" in skipped.reason
    assert world.retrain(NOW + timedelta(hours=7)).status == "promoted"
    runs = {run["training_run_id"]: run for run in world.rows("training_runs")}
    assert (runs[dead]["status"], runs[dead]["error"]) == ("failed", "never ended within 6 hours")
    with pytest.raises(RetrainingError, match="has ended"):
        STEPS[0](world, dead)


def test_two_starts_at_once_make_one_run(toy: Toy) -> None:
    world = toy()
    first = plan(world.warehouse, "toy", now=NOW, trigger="manual")
    second = plan(world.warehouse, "toy", now=NOW + timedelta(minutes=1), trigger="manual")
    run = start_run(world.warehouse, "toy", first, now=NOW)
    assert start_run(world.warehouse, "toy", first, now=NOW) == run
    with pytest.raises(RetrainingError, match="in flight"):
        start_run(world.warehouse, "toy", second, now=NOW)


@pytest.mark.parametrize("trigger", ["auto", "manual"])
def test_two_that_have_decided_at_once_make_one_run(toy: Toy, monkeypatch: pytest.MonkeyPatch, trigger: str) -> None:
    world = toy()
    world.trigger("k1")
    both = Barrier(2)

    def decided(*arguments: Any, **options: Any) -> Any:
        decision = plan(*arguments, **options)
        both.wait(60)
        return decision

    monkeypatch.setattr("ml_monitor.retraining.run.plan", decided)
    with ThreadPoolExecutor(2) as threads:
        moments = (NOW, NOW + timedelta(seconds=1))
        results = list(threads.map(lambda now: world.retrain(now, trigger=trigger), moments))
    assert sorted(result.status for result in results) == ["promoted", "skipped"]
    assert len(world.rows("training_runs")) == len(world.rows("dataset_snapshots")) == 1
    assert len(world.rows("deployments")) == 2


def test_triggers_from_the_warehouse(toy: Toy) -> None:
    world = toy()
    assert world.retrain(trigger="auto").reason == "nothing asks for retraining"
    world.trigger("k1")
    assert world.retrain(trigger="auto").training_run_id == "toy:k1:a1"
    assert "was answered" in world.retrain(trigger="auto").reason
    world.trigger("k2", "labels")
    assert "cooling down" in world.retrain(trigger="auto").reason
    later = world.retrain(NOW + timedelta(days=29), trigger="auto")
    assert (later.training_run_id, later.candidate_version) == ("toy:k2:a1", "r20240330")


def test_attempts_are_counted(toy: Toy) -> None:
    world = toy("raises")
    world.trigger("k1")
    results = [world.retrain(trigger="auto") for _ in range(3)]
    assert [r.status for r in results] == ["failed", "failed", "skipped"]
    assert [r.candidate_version for r in results] == ["r20240301", "r20240301.2", None]
    assert "max_attempts is 2" in results[2].reason


def test_the_champion_scores_rows_that_it_did_not_serve(toy: Toy) -> None:
    world = toy()
    assert world.retrain().status == "promoted"
    # The log still holds scores of v1 only: the champion's artefact stands in, and is no worse than its twin.
    again = world.retrain(NOW + timedelta(hours=1))
    assert again.status == "kept"
    assert again.evaluation is not None
    assert again.evaluation["roc_auc"]["difference"] == 0


def test_a_champion_without_outputs_cannot_be_compared(toy: Toy) -> None:
    world = toy()
    register_version(world.warehouse, "toy", "v9", now=NOW, reason="release")
    assert "champion 'v9' logged no output" in world.retrain().reason


def test_a_locked_warehouse_does_not_fail_the_run(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    world = toy()
    run = started(world)

    def locked(*_: Any, **__: Any) -> None:
        raise WarehouseLocked("held by another process")

    with monkeypatch.context() as patch:
        patch.setattr(world.warehouse, "frame", locked)
        with pytest.raises(WarehouseLocked):
            STEPS[0](world, run)
    assert resume_run(world.warehouse, run, now=NOW, project_dir=world.directory).status == "promoted"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"trainer": "no colon"}, "retraining.trainer"),
        ({"holdout_days": 0}, "retraining.holdout_days"),
        ({"promotion": "sometimes"}, "retraining.promotion"),
        ({"cooldown": 3}, "retraining.cooldown"),
    ],
)
def test_a_wrong_policy_names_its_key(toy: Toy, policy: dict[str, Any], words: str) -> None:
    world = toy()
    world.write_spec(**policy)
    with pytest.raises(RetrainingError, match=f"monitor 'toy': {words}"):
        world.retrain()


def test_monitors_that_cannot_be_retrained(toy: Toy) -> None:
    world = toy(feedback_relation=None)
    assert "has no `feedback`" in world.retrain().reason
    with pytest.raises(RetrainingError, match=r"no monitor 'absent'. Allowed: toy"):
        plan(world.warehouse, "absent", now=NOW)
    world.warehouse.execute("delete from ml_monitor.ml_monitor__model_versions")
    with pytest.raises(RetrainingError, match="has no champion"):
        world.retrain(NOW + timedelta(days=1))
    assert champion(world.warehouse, "toy") is None


def test_a_feature_with_a_reserved_name(toy: Toy) -> None:
    world = toy(features={"split": "numeric"})
    with pytest.raises(RetrainingError, match="feature split has the name"):
        take_snapshot(world.warehouse, started(world), now=NOW, project_dir=world.directory)


def test_errors_of_user_code_are_of_one_kind(toy: Toy) -> None:
    world = toy("raises")
    run = started(world)
    STEPS[0](world, run)
    with pytest.raises(TrainerError, match=r"toy_trainers_\d+.py:\d+ in raises"):
        STEPS[1](world, run)


def test_the_record_is_enough_to_make_the_model_again(toy: Toy) -> None:
    world = toy()
    world.retrain()
    [snapshot] = world.rows("dataset_snapshots")
    environment = json.loads(snapshot["environment"])
    assert environment["python"].count(".") == 2
    assert {"scikit-learn", "pandas", "numpy"} <= set(environment["packages"])
    assert json.loads(snapshot["config"])["retraining"]["trainer"].endswith(":good")
    assert snapshot["query"].startswith("-- as_of: 2024-03-01")


def test_the_report_stays_with_the_run(toy: Toy) -> None:
    world = toy(name="toy", segments=["region"])
    result = world.retrain()
    [run] = world.rows("training_runs")
    page = Path(run["report_location"])
    content = json.loads(page.with_suffix(".json").read_text())
    assert content["challenger_wins"] and content["verdict"] in result.reason
    assert {one["segment"] for one in content["comparisons"]} == {"__all__", "region"}
    auc = next(c for c in content["comparisons"] if c["metric"] == "roc_auc" and c["segment"] == "__all__")
    assert auc["p_value"] < 0.001
    assert len(content["calibration"]["r20240301"]) == 10
    assert sum(bin["rows"] for bin in content["calibration"]["v1"]) == 560
    html = page.read_text()
    assert "r20240301 against v1" in html and html.count("<svg") == 3 * 4


def test_names_from_the_data_are_no_markup(toy: Toy) -> None:
    logs = synthetic_logs()
    logs["predictions"]["region"] = logs["predictions"]["region"].replace("north", "<script>alert(1)</script>")
    world = toy(logs=logs)
    world.retrain()
    [run] = world.rows("training_runs")
    assert "<script>" not in Path(run["report_location"]).read_text()


def test_a_better_order_that_costs_calibration_is_kept_out(toy: Toy) -> None:
    logs = synthetic_logs()
    x = logs["predictions"]["x"]
    # A champion whose probabilities are about right, with a noisy order.
    noise = np.random.default_rng(11).normal(scale=0.8, size=len(x))
    logs["predictions"]["score"] = 1 / (1 + np.exp(-1.5 * x - noise))
    world = toy("steep", logs=logs)
    world.write_spec(parameters={"steepness": 40.0})
    result = world.retrain()
    assert result.status == "kept"
    assert "but worse in brier" in result.reason
    world.write_spec(no_regression=[])
    assert world.retrain(NOW + timedelta(hours=1)).status == "promoted"


def test_a_protected_segment_counts_however_small(toy: Toy) -> None:
    logs = synthetic_logs(a_day=80)
    predictions = logs["predictions"]
    # As in the test above, but 100 held-out rows in the north: too few for a segment that is only declared.
    predictions["region"] = ["north" if i % 10 == 0 else "south" for i in range(len(predictions))]
    north = predictions["region"] == "north"
    predictions.loc[north, "score"] = (0.5 + 0.1 * predictions.loc[north, "x"]).clip(0, 1)
    predictions.loc[~north, "score"] = 0.5
    world = toy("wrong_in_the_north", logs=logs, protected=["region"])
    result = world.retrain()
    assert result.status == "kept" and "worse for region north" in result.reason
    world.spec["protected"] = []
    world.write_spec()
    assert world.retrain(NOW + timedelta(hours=1)).status == "promoted"


def test_a_dead_run_is_taken_up_on_request(toy: Toy) -> None:
    world = toy()
    run = started(world)
    STEPS[0](world, run)
    later = NOW + timedelta(minutes=5)
    assert world.retrain(later).status == "skipped"
    result = retrain(world.warehouse, "toy", now=later, resume=True, project_dir=world.directory)
    assert (result.status, result.training_run_id) == ("promoted", run)


def test_an_artefact_that_is_gone_before_the_promotion_stops_it(toy: Toy) -> None:
    world = toy()
    run = started(world)
    for step in STEPS[:3]:
        step(world, run)
    Path(next(v["artifact_uri"] for v in world.rows("model_versions") if v["artifact_uri"])).unlink()
    with pytest.raises(ArtifactError, match="no file"):
        STEPS[3](world, run)
    assert world.stages() == {"v1": "champion", "r20240301": "rejected"}
    assert [event["metric"] for event in world.rows("alert_events")] == ["training_run"]


def test_yaml_reads_off_as_false() -> None:
    assert GuardPolicy(action=False).action == "off"  # type: ignore[arg-type]
