"""What is wrong in the data is a finding with a number, never a crash and never silently dropped."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.integration.logs import MONITOR, NOW, feedback, logs, predictions
from tests.project import ALERTS, Project

MART = "main_ml_monitor.ml_monitor__"


def build(project: Callable[..., Project], changes: dict[str, Any] | None = None, **replaced: pd.DataFrame) -> Project:
    consumer = project({"churn": MONITOR | (changes or {})}, logs=logs(**replaced), now=NOW)
    consumer.run(*ALERTS)
    return consumer


def value(consumer: Project, metric: str, day: str = "2026-01-10", feature: str = "__all__", span: int = 1) -> float | None:
    rows = consumer.rows(
        f"select metric_value from {MART}metric_values where metric = '{metric}' and feature = '{feature}' and span = {span}"
        f" and window_start = '{day}' and model_version = '__all__' and segment = '__all__'"
    )
    assert len(rows) <= 1
    return rows[0][0] if rows else None


def status(consumer: Project, metric: str, day: str = "2026-01-10", feature: str = "__all__") -> tuple[str, str]:
    rows = consumer.rows(
        f"select status, reason from {MART}verdicts where metric = '{metric}' and feature = '{feature}' and window_start = '{day}' and span = 1"
    )
    assert len(rows) == 1
    return rows[0]


def test_text_in_a_numeric_feature(project: Callable[..., Project]) -> None:
    log = predictions()
    log["amount"] = log["amount"].astype(str)
    log.loc[log.index[-30:], "amount"] = "n/a"
    consumer = build(project, predictions=log)
    assert value(consumer, "invalid_rate", feature="amount") == pytest.approx(0.5)
    assert status(consumer, "invalid_rate", feature="amount")[0] == "alert"
    assert value(consumer, "psi", feature="amount") is not None, "the numbers that are there still count"


def test_nan_and_infinity(project: Callable[..., Project]) -> None:
    log = predictions()
    log["amount"] = log["amount"].astype(float)
    log.loc[log.index[-6:-3], "amount"] = np.inf
    consumer = build(project, predictions=log)
    consumer.execute("update raw.predictions set amount = 'nan'::double where prediction_id in (select prediction_id from raw.predictions order by predicted_at desc limit 3)")
    consumer.run(*ALERTS, "--full-refresh")
    assert value(consumer, "invalid_rate", feature="amount") == pytest.approx(6 / 60)
    assert np.isfinite(consumer.frame(f"select value_sum from {MART}feature_profiles where value_sum is not null")["value_sum"]).all()


def test_rows_that_came_late_and_rows_corrected_in_place(project: Callable[..., Project]) -> None:
    log = predictions()
    log["loaded_at"] = log["predicted_at"] + pd.Timedelta(minutes=5)
    third = log["predicted_at"].dt.normalize() == "2026-01-03"
    log.loc[log.index[third][:12], "loaded_at"] = pd.Timestamp("2026-01-05 08:00")
    consumer = build(project, {"loaded_at": "loaded_at"}, predictions=log)
    # The last row of a day arrives after midnight, if five minutes are too many.
    late = (log["loaded_at"] >= log["predicted_at"].dt.normalize() + pd.Timedelta(days=1)).groupby(log["predicted_at"].dt.normalize()).mean()
    assert late["2026-01-03"] >= 12 / 60
    for day in ("2026-01-03", "2026-01-10"):
        assert value(consumer, "late_rate", day) == pytest.approx(late[day])
    before = value(consumer, "psi", "2026-01-04", "plan")
    fourth = log["predicted_at"].dt.normalize() == "2026-01-04"
    consumer.load("predictions", log.assign(plan=log["plan"].where(~fourth, "pro"), loaded_at=log["loaded_at"].where(~fourth, pd.Timestamp("2026-01-10 23:00"))))
    consumer.run(*ALERTS)
    after = value(consumer, "psi", "2026-01-04", "plan")
    assert before is not None and after is not None and after > before + 1, "as many rows as before, and other values"


def test_volume_against_the_week_before(project: Callable[..., Project]) -> None:
    log = predictions()
    thin = log["predicted_at"].dt.normalize() == "2026-01-10"
    consumer = build(project, predictions=log[~thin | (log.index % 4 == 0)])
    assert value(consumer, "volume_ratio") == pytest.approx(15 / 60)


def test_a_retyped_column_is_a_schema_change(anywhere: Callable[..., Project]) -> None:
    log = predictions()
    consumer = anywhere({"churn": MONITOR}, logs=logs(predictions=log.assign(note="n")), now="2026-01-10 00:00:00")
    consumer.run(*ALERTS)
    consumer.load("predictions", log.assign(amount=log["amount"].astype(str), channel="web"))
    consumer.run(*ALERTS, now=NOW)
    assert value(consumer, "schema_changes") == 1, "what no monitor reads does not count"
    changes = f"select column_name, change, is_monitored from {MART}schema_changes where ended_at is null order by 1"
    others = [("channel", "added", 0), ("note", "lost", 0)]
    assert consumer.rows(changes) == [("amount", "retyped", 1), *others]
    consumer.run(*ALERTS, now="2026-01-11 12:00:00")
    assert consumer.rows(changes) == [("amount", "retyped", 1), *others], "nothing new"
    consumer.load("predictions", log.assign(note="n", channel="web"))
    consumer.run(*ALERTS, now="2026-01-12 00:00:00")
    assert consumer.rows(changes) == others[:1], "the first type is back, and so is the column"
    consumer.load("predictions", log.assign(amount=log["amount"].astype(str), channel="web"))
    consumer.run(*ALERTS, now="2026-01-13 00:00:00")
    assert consumer.rows(changes) == [("amount", "retyped", 1), *others]
    assert value(consumer, "invalid_rate", feature="amount") == 0, "numbers that are written as text are numbers"
    ((column, first, then),) = consumer.rows(f"select column_name, first_data_type, data_type from {MART}schema_changes where is_monitored = 1 and ended_at is null")
    assert (column, "double" in first, then in ("varchar", "text")) == ("amount", True, True)


def test_a_reference_smaller_than_the_minimum(project: Callable[..., Project]) -> None:
    consumer = build(project, {"min_rows": 40}, reference=predictions(days=1, rows=30, start="2025-12-01", seed=9))
    found = status(consumer, "psi", feature="plan")
    assert found[0] == "insufficient_data"
    assert "30 rows in the reference" in found[1]


def test_mape_of_labels_that_are_all_zero(project: Callable[..., Project]) -> None:
    log = predictions().assign(y_pred=lambda rows: rows["amount"] + 1)
    labels = feedback(log, delay_hours=0).assign(label=lambda rows: np.where(log["predicted_at"] >= "2026-01-10", 0.0, log["amount"]))
    monitor = {"task": "regression", "prediction": "y_pred", "thresholds": {"mape": {"alert": 5}}}
    consumer = build(project, monitor, predictions=log, feedback=labels)
    assert status(consumer, "mape", "2026-01-09")[0] in ("ok", "alert")
    found = status(consumer, "mape")
    assert found[0] == "insufficient_data"
    assert "no label other than 0" in found[1]


def test_duplicate_prediction_ids(project: Callable[..., Project]) -> None:
    log = predictions()
    consumer = build(project, predictions=pd.concat([log, log.tail(15)]))
    assert value(consumer, "duplicate_rate") == pytest.approx(15 / 75)
    assert status(consumer, "duplicate_rate")[0] == "alert"


def test_labels_without_predictions(project: Callable[..., Project]) -> None:
    log = predictions()
    labels = feedback(log)
    stray = labels.tail(20).assign(prediction_id=[f"stray-{i}" for i in range(20)], labelled_at=pd.Timestamp("2026-01-10 12:00"))
    consumer = build(project, predictions=log, feedback=pd.concat([labels, stray]))
    n = len(labels[(labels["labelled_at"] >= "2026-01-10") & (labels["labelled_at"] < "2026-01-11")]) + 20
    assert value(consumer, "orphan_label_rate") == pytest.approx(20 / n)
    assert value(consumer, "label_coverage") == pytest.approx((labels["labelled_at"].tail(60) < "2026-01-11").mean())


def test_future_and_missing_timestamps(project: Callable[..., Project]) -> None:
    log = predictions()
    strange = log.tail(6).assign(prediction_id=[f"strange-{i}" for i in range(6)])
    strange["predicted_at"] = [pd.NaT] * 2 + [pd.Timestamp("2031-01-01")] * 4
    consumer = build(project, predictions=pd.concat([log, strange]))
    assert value(consumer, "row_count") == 60
    assert value(consumer, "untimely_rate") == pytest.approx(6 / 66)
    consumer.run(*ALERTS, now="2026-01-11 06:00:00")
    assert value(consumer, "row_count") == 60
    total = consumer.rows(f"select sum(n) from {MART}feature_profiles where feature = '__all__' and segment = '__all__'")[0][0]
    assert total == 606, "every row of the log is counted exactly once"


def test_two_labels_for_one_prediction(project: Callable[..., Project]) -> None:
    log = predictions()
    labels = feedback(log)
    corrected = labels.assign(label=1 - labels["label"], labelled_at=labels["labelled_at"] + pd.Timedelta(hours=1))
    consumer = build(project, predictions=log, feedback=pd.concat([corrected, labels]))
    day = log["predicted_at"].dt.normalize() == "2026-01-05"
    expected = (corrected.loc[day, "label"] == log.loc[day, "y_pred"]).mean()
    assert value(consumer, "accuracy", day="2026-01-05") == pytest.approx(expected), "the later label counts"
    assert value(consumer, "label_coverage", day="2026-01-05") == 1
    assert value(consumer, "replaced_label_rate", day="2026-01-05") == pytest.approx(0.5), "and that there were two is seen"
    assert status(consumer, "replaced_label_rate", day="2026-01-05")[0] == "warning"
    assert value(consumer, "row_count", day="2026-01-05") == 60


def test_no_labels_at_all(project: Callable[..., Project]) -> None:
    thresholds = {"accuracy": {"alert": 0.5}, "label_coverage": {"alert": 0.2}}
    consumer = build(project, {"thresholds": thresholds}, feedback=feedback(predictions()).head(0))
    assert value(consumer, "label_coverage", day="2026-01-05") == 0
    assert status(consumer, "label_coverage", day="2026-01-05")[0] == "alert"
    assert status(consumer, "accuracy", day="2026-01-05") == ("insufficient_data", "accuracy is not defined: no labels")
    assert value(consumer, "psi", feature="amount") is not None, "drift needs none"


def test_classes_that_are_words(project: Callable[..., Project]) -> None:
    log = predictions()
    labels = feedback(log).assign(label=lambda rows: np.where(rows["label"] == 1, "Churned", "o'k"))
    log = log.assign(y_pred=np.where(log["y_pred"] == 1, "churned", "o'k"))
    consumer = build(project, predictions=log, feedback=labels)
    assert value(consumer, "invalid_label_rate", day="2026-01-05") == 1
    assert value(consumer, "invalid_prediction_rate", day="2026-01-05") == 1
    assert status(consumer, "invalid_label_rate", day="2026-01-05")[0] == "alert"
    assert value(consumer, "accuracy", day="2026-01-05") is None, "nothing is guessed"
    consumer.monitors["churn"] = MONITOR | {"positive": "churned"}
    consumer.write_config()
    consumer.run(*ALERTS)
    day = log["predicted_at"].dt.normalize() == "2026-01-05"
    expected = (labels.loc[day, "label"].str.lower() == log.loc[day, "y_pred"]).mean()
    assert value(consumer, "accuracy", day="2026-01-05") == pytest.approx(expected), "a changed setting profiles the log again"
    assert value(consumer, "invalid_label_rate", day="2026-01-05") == 0


def test_scores_that_are_no_probabilities(project: Callable[..., Project]) -> None:
    log = predictions()
    day = (log["predicted_at"].dt.normalize() == "2026-01-05").to_numpy()
    outside = day & (np.arange(len(log)) % 4 == 0)
    labels = feedback(log)
    log.loc[outside, "y_score"] = np.where(np.arange(outside.sum()) % 2 == 0, 1.5, -3)
    consumer = build(project, predictions=log, feedback=labels)
    assert value(consumer, "invalid_rate", day="2026-01-05", feature="__score__") == pytest.approx(15 / 60)
    kept = day & ~outside
    expected = ((log.loc[kept, "y_score"] - labels.loc[kept, "label"]) ** 2).mean()
    assert value(consumer, "brier", day="2026-01-05") == pytest.approx(expected)


def test_labels_before_their_predictions(project: Callable[..., Project]) -> None:
    log = predictions()
    labels = feedback(log)
    early = (log["predicted_at"].dt.normalize() == "2026-01-05") & (np.arange(len(log)) % 3 == 0)
    labels.loc[early, "labelled_at"] -= pd.Timedelta(days=2)
    consumer = build(project, predictions=log, feedback=labels)
    assert value(consumer, "early_label_rate", day="2026-01-05") == pytest.approx(20 / 60)
    assert status(consumer, "early_label_rate", day="2026-01-05")[0] == "alert"
    assert value(consumer, "label_coverage", day="2026-01-05") == 1


def test_column_lost_later_is_a_finding(anywhere: Callable[..., Project]) -> None:
    consumer = build(anywhere)
    more = predictions(days=1, start="2026-01-11", seed=5).drop(columns="amount")
    consumer.load("predictions", pd.concat([predictions().drop(columns="amount"), more]))
    consumer.run(*ALERTS, now="2026-01-12 00:00:00")
    assert value(consumer, "missing_rate", day="2026-01-11", feature="amount") == 1
    ((column, first, then),) = consumer.rows(f"select column_name, first_data_type, data_type from {MART}schema_changes")
    assert (column, "double" in first, then) == ("amount", True, "absent")
    assert status(consumer, "schema_changes", day="2026-01-11")[0] == "alert"
    assert value(consumer, "psi", day="2026-01-05", feature="amount") is not None, "history stays"


def test_silent_log(project: Callable[..., Project]) -> None:
    consumer = build(project)
    consumer.run(*ALERTS, now="2026-01-13 01:00:00")
    events = consumer.rows(f"select event_type, reason, window_start from {MART}alert_events where metric = 'row_count'")
    assert [(e[0], e[1], str(e[2])) for e in events] == [("data_missing", "no predictions were logged", "2026-01-11 00:00:00")]
    assert value(consumer, "freshness", day="2026-01-12") > 47


def test_reference_without_a_feature(project: Callable[..., Project]) -> None:
    consumer = build(project, reference=logs()["reference"].assign(amount=None).astype({"amount": float}))
    assert status(consumer, "psi", feature="amount")[0] == "no_reference"
    assert status(consumer, "psi", feature="plan")[0] == "ok"


def test_hostile_names_and_values(project: Callable[..., Project]) -> None:
    column, category = "am'o\"unt; drop table x --", "O'Brien \"<script>\" 日本"
    replaced = {name: log.rename(columns={"amount": column}) for name, log in logs().items()}
    replaced["predictions"].loc[replaced["predictions"].index[-20:], "plan"] = category
    consumer = build(project, {"features": {column: "numeric", "plan": "categorical"}, "description": "it's \"mine\" {{ 1 }}"}, **replaced)
    assert consumer.rows(f"select metric_value from {MART}metric_values where metric = 'unseen_rate' and feature = 'plan' and window_start = '2026-01-10' and span = 1 and segment = '__all__' and model_version = '__all__'") == [(20 / 60,)]
    assert category in status(consumer, "unseen_rate", feature="plan")[1]
    assert consumer.rows(f"select count(*) from {MART}metric_values where feature = $${column}$$ and metric = 'psi'")[0][0] > 0
