"""A wrong configuration is one clear error: which monitor, which key, what is wrong, what is allowed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.integration.logs import MONITOR, logs
from tests.macros import macros
from tests.project import Project

CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({"windw": "day"}, ["key 'windw'", "is not a known key", "window"]),
    ({"task": "clustering"}, ["key 'task'", "binary, regression"]),
    ({"window": "minute"}, ["key 'window'", "hour, day, week, month"]),
    ({"features": {"amount": "number"}}, ["key 'features.amount'", "numeric, categorical"]),
    ({"features": {"amount": {"type": "numeric", "min": 5, "max": 1}}}, ["key 'features.amount'", "min 5 is above max 1"]),
    ({"features": {"amount": {"type": "numeric", "max": "many"}}}, ["key 'features.amount.max'", '"many" is not a number']),
    ({"features": {"amount": {"type": "numeric", "min": True}}}, ["key 'features.amount.min'", "is not a number"]),
    ({"features": {"amount": {"type": "numeric", "min": float("inf")}}}, ["key 'features.amount.min'", "is not a number"]),
    ({"features": {"amount": {"type": "numeric", "allowed": [1]}}}, ["key 'features.amount.allowed'", "is for categorical features", "min, max"]),
    ({"features": {"plan": {"type": "categorical", "max": 1}}}, ["key 'features.plan.max'", "is for numeric features", "allowed"]),
    ({"features": {"plan": {"type": "categorical", "allowed": []}}}, ["key 'features.plan.allowed'", "not empty"]),
    ({"features": {"plan": {"type": "categorical", "allowed": "pro"}}}, ["key 'features.plan.allowed'", "must be a list"]),
    ({"features": {"plan": {"type": "categorical", "allowed": [["pro"]]}}}, ["key 'features.plan.allowed'", "is not a value"]),
    ({"features": {"plan": {"type": "categorical", "bounds": 1}}}, ["bounds is not an option", "min, max, allowed"]),
    ({"segments": [{"column": "plan", "topp": 3}]}, ["key 'segments'", "column, columns, top, min_rows"]),
    ({"segments": [{"column": "plan", "top": 0}]}, ["key 'segments.top'", "0 is not a whole number from 1"]),
    ({"segments": [{"top": 3}]}, ["key 'segments'", "needs either column or columns"]),
    ({"segments": [{"columns": ["plan"]}]}, ["key 'segments'", "two or more columns"]),
    ({"segments": ["plan", {"column": "plan", "top": 3}]}, ["key 'segments'", "plan is declared twice"]),
    ({"features": {}}, ["key 'features'", "is required"]),
    ({"reference": {"yesterday": True}}, ["key 'reference'", "{relation: a_model}", "{trailing: windows}"]),
    ({"reference": {"from": "2026-02-01", "to": "2026-01-01"}}, ["key 'reference'", "from must be before to"]),
    ({"reference": {"from": "2026-01-01'; drop table x", "to": "2026-02-01"}}, ["key 'reference.from'", "drop table x' is not a date"]),
    ({"reference": {"from": "2013-02-30", "to": "2013-03-30"}}, ["key 'reference.from'", "'2013-02-30' is not a date", "YYYY-MM-DD, YYYY-MM-DD HH:MM:SS"]),
    ({"reference": {"from": "2026-01-01", "to": "1 March", "per": "model_version"}}, ["key 'reference.to'", "'1 March' is not a date"]),
    ({"healthy": {"from": None, "to": "2026-02-01"}}, ["key 'healthy.from'", "'None' is not a date"]),
    ({"healthy": {"from": "2026-02-01", "to": "2026-02-01"}}, ["key 'healthy'", "from must be before to"]),
    ({"calibration": {"from": "2026-01-01", "to": "2026-01-02 24:00"}}, ["key 'calibration.to'", "'2026-01-02 24:00' is not a date"]),
    ({"bins": 1}, ["key 'bins'", "1 is not a whole number from 2 to 100"]),
    ({"smoothing": {"floor": 0.5}}, ["key 'smoothing'", "jeffreys"]),
    ({"rolling": 7}, ["key 'rolling'", "list"]),
    ({"alerting": {"quiet_hours": {"from": 22, "to": 7, "timezone": "Mars"}}}, ["key 'alerting.quiet_hours.timezone'", "is not a time zone"]),
    ({"thresholds": {"psy": {"alert": 1}}}, ["key 'thresholds.psy'", "is not a metric", "psi"]),
    ({"thresholds": {"mae": {"alert": 1}}}, ["key 'thresholds.mae'", "does not fit task binary"]),
    ({"thresholds": {"psi": {"alarm": 1}}}, ["key 'thresholds.psi'", "warn, alert"]),
    ({"thresholds": {"psi": {"alert": 1, "over": 5}}}, ["key 'thresholds.psi.over'", "5 is not a span", "1, 2"]),
    ({"multivariate": "yes"}, ["key 'multivariate'", "true, false, a list of numeric features"]),
    ({"multivariate": ["amount", "plan"]}, ["key 'multivariate'", '"plan" is not a numeric feature', "amount"]),
    ({"multivariate": True}, ["key 'multivariate'", "needs two numeric features or more, and there are 1"]),
    ({"multivariate": True, "features": {f"x{i}": "numeric" for i in range(21)}}, ["key 'multivariate'", "21 features are too many", "20 or fewer"]),
    ({"thresholds": {"mahalanobis": {"alert": 1}}}, ["key 'thresholds.mahalanobis'", "needs the option multivariate", "multivariate: true"]),
    ({"features": {"plan": "categorical"}, "score": None, "thresholds": {"ks": {"alert": 1}}}, ["key 'thresholds.ks'", "is about numeric features, and there is none"]),
    ({"thresholds": {"unseen_rate": {"alert": 1, "features": {"amount": {"alert": 2}}}}}, ["key 'thresholds.unseen_rate.features'", '"amount" is numeric']),
    ({"thresholds": {"out_of_bounds_rate": {"alert": 1}}}, ["key 'thresholds.out_of_bounds_rate'", "needs a feature with bounds", "min, max, allowed"]),
    ({"score": None, "thresholds": {"roc_auc": {"alert": 0.6}}}, ["key 'thresholds.roc_auc'", "needs the key score"]),
    ({"feedback": None, "thresholds": {"accuracy": {"alert": 0.6}}}, ["key 'thresholds.accuracy'", "needs labels", "feedback"]),
    ({"thresholds": {"tpr_gap": {"alert": 0.1}}}, ["key 'thresholds.tpr_gap'", "needs the key protected"]),
    ({"thresholds": {"cost": {"alert": 1}}}, ["key 'thresholds.cost'", "needs the key costs"]),
    ({"thresholds": {"roc_auc_at_age": {"alert": 0.6}}}, ["key 'thresholds.roc_auc_at_age'", "needs the key label_delay"]),
    ({"segments": [], "thresholds": {"worst_slice_gap": {"alert": 0.1}}}, ["key 'thresholds.worst_slice_gap'", "needs the key segments"]),
    ({"thresholds": {"late_rate": {"alert": 1}}}, ["key 'thresholds.late_rate'", "needs the key loaded_at"]),
    ({"min_rows": "many"}, ["key 'min_rows'", '"many"']),
    ({"retraining": {"when": "always"}}, ["key 'retraining'", "triggers"]),
    ({"k": 5}, ["key 'k'", "does not fit task binary"]),
    ({"lift_at": 10}, ["key 'lift_at'", "between 0 and 1"]),
    ({"task": "regression", "lower": "low"}, ["key 'upper'", "two ends"]),
    ({"task": "multiclass", "scores": ["a"]}, ["key 'scores'", "map each class"]),
    ({"task": "ranking", "retraining": {"every_days": 3}}, ["key 'retraining'", "does not fit task ranking"]),
    ({"alerting": {"open_after": 0}}, ["key 'alerting.open_after'", "from 1"]),
    ({"labels": {"sources": {"experts": {}}}}, ["key 'feedback'", "is what labels makes", "{outcomes: {relation: raw.feedback}}"]),
    ({"feedback": None, "labels": {"sources": {}}}, ["key 'labels.sources'", "must map each source"]),
    ({"feedback": None, "labels": {"sources": {"experts": {"trust": 2}}}}, ["key 'labels.sources.experts.trust'", "2 is not a number from 0 to 1"]),
    ({"feedback": None, "labels": {"sources": {"experts": {"vote": "all"}}}}, ["key 'labels.sources.experts'", "vote is not an option", "priority, trust, votes"]),
    ({"feedback": None, "labels": {"sources": {"a": {}}, "rules": {"liked": {"kind": "like", "label": 1}}}}, ["key 'labels.rules.liked.kind'", "thumb, rating, click"]),
    ({"feedback": None, "labels": {"sources": {"a": {}}, "rules": {"liked": {"kind": "thumb"}}}}, ["key 'labels.rules.liked'", "either label, a value, or means"]),
    ({"feedback": None, "labels": {"sources": {"a": {}}, "rules": {"liked": {"kind": "click", "label": 1, "at_least": 1}}}}, ["key 'labels.rules.liked.at_least'", "thumb (1 up, 0 down), rating or dwell"]),
    ({"feedback": None, "labels": {"sources": {"a": {}}, "rules": {"liked": {"kind": "click", "label": 1, "sources": ["b"]}}}}, ["key 'labels.rules.liked.sources'", "a"]),
    ({"behaviour": "yes"}, ["key 'behaviour'", "must be a mapping", "request_id, raters, kpis, lags"]),
    ({"behaviour": {"kpis": {"revenue": {"relation": "sales"}}}}, ["key 'behaviour.kpis.revenue.at'", "is required"]),
    ({"behaviour": {"kpis": {"psi": {"relation": "sales", "at": "day", "value": "amount"}}}}, ["key 'behaviour.kpis.psi'", "is the name of a metric"]),
    ({"thresholds": {"override_rate": {"alert": 0.3}}}, ["key 'thresholds.override_rate'", "needs the option behaviour", "behaviour: true"]),
    ({"review": {"budget": 5}}, ["key 'review'", "needs labels"]),
    ({"feedback": None, "labels": {"sources": {"a": {}}}, "review": {"budget": 0}}, ["key 'review.budget'", "is not a whole number from 1"]),
    ({"feedback": None, "labels": {"sources": {"a": {}}}, "review": {"budget": 5, "strategy": "random"}}, ["key 'review.strategy'", "uncertainty, margin, entropy"]),
    ({"feedback": None, "labels": {"sources": {"a": {}}}, "review": {"budget": 5, "weights": {"disagreement": 2}}}, ["key 'review.weights.disagreement'", "needs comparison"]),
]


@pytest.mark.parametrize(("change", "words"), CASES, ids=[next(iter(c)) + "-" + str(i) for i, (c, _) in enumerate(CASES)])
def test_wrong_config(project: Callable[..., Project], change: dict[str, Any], words: list[str]) -> None:
    message = project({"churn": MONITOR | change}).error()
    assert "ml_monitor: " in message
    for word in [*words, "monitor 'churn'"]:
        assert word in message, message


def test_dates_are_those_of_the_calendar() -> None:
    days = [f"{year:04}-{month:02}-{day:02}" for year in (0, 1, 1900, 2000, 2023, 2024, 9999) for month in range(14) for day in range(33)]
    hours = [f"2024-02-29{letter}{time}" for letter in " T" for time in ("00:00", "23:59", "24:00", "12:60", "12:30:59", "12:30:60")]
    wrong = ["", "None", "2024", "2024-1-1", "20240101", "2024-01-01\n", "2024-01-01 6:00", "2024-01-01 06", "2024-01-01 06:00Z", "２０２４-01-01"]
    for text in [*days, *hours, *wrong]:
        assert macros("monitors")._is_moment(text) == (is_moment(text) and text not in wrong), text


def is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    # Python takes midnight for the end of a day too.
    return "24:00" not in text


def test_a_wrong_clock(project: Callable[..., Project]) -> None:
    message = project({"churn": MONITOR}, logs=logs(), now="2026-04-31").error("-s", "ml_monitor__monitors", "ml_monitor__windows")
    assert "variable 'ml_monitor__now': '2026-04-31' is not a date. Allowed: YYYY-MM-DD" in message


def test_unknown_monitor(project: Callable[..., Project]) -> None:
    consumer = project({"churn": MONITOR})
    (consumer.directory / "models" / "chrun__reference.sql").write_text("{{ ml_monitor.reference('chrun') }}")
    message = consumer.error()
    assert "monitor 'chrun'" in message
    assert "Allowed: churn" in message


@pytest.mark.parametrize("change", [{"features": {"amuont": "numeric"}}, {"segments": ["palns"]}])
def test_column_that_the_log_does_not_have(project: Callable[..., Project], change: dict[str, Any]) -> None:
    message = project({"churn": MONITOR | change}, logs=logs()).error("-s", "churn__reference")
    assert "monitor 'churn'" in message
    assert "amuont" in message or "palns" in message
    assert "prediction_id" in message, "the columns that exist are listed"


def test_forgotten_file(project: Callable[..., Project]) -> None:
    consumer = project({"churn": MONITOR}, logs=logs())
    (consumer.directory / "models" / "churn__feature_profile.sql").unlink()
    assert "churn__feature_profile" in consumer.error()


def test_no_monitor_builds_nothing(project: Callable[..., Project]) -> None:
    consumer = project({})
    result = consumer.dbt("build")
    assert result.success
    assert len(result.result) == 0
