"""The option `multivariate` in a whole project: late rows, a frozen reference, verdicts, and the option off."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.integration.logs import MONITOR, NOW, feedback, predictions
from tests.project import Project

MART = "main_ml_monitor.ml_monitor__"
TOGETHER = MONITOR | {
    "features": {"amount": "numeric", "tenure": "numeric", "plan": "categorical"},
    "multivariate": True,
    "thresholds": {"mahalanobis": {"warn": 0.5, "alert": 1}, "correlation_change": {"alert": 0.5, "over": 2}},
}


def with_tenure(log: pd.DataFrame, seed: int = 3) -> pd.DataFrame:
    """A second number that goes with the first, except on the last two days."""
    random = np.random.default_rng(seed)
    linked = np.log(log["amount"]) + random.normal(size=len(log)) / 2
    broken = log["predicted_at"] >= "2026-01-09"
    return log.assign(tenure=np.where(broken, 3 + random.normal(size=len(log)), linked))


def together(project: Callable[..., Project], log: pd.DataFrame, **changes: object) -> Project:
    reference = with_tenure(predictions(days=20, start="2025-12-01", seed=9))
    return project({"churn": TOGETHER | changes}, logs={"predictions": log, "feedback": feedback(log), "reference": reference}, now=NOW)


def content(built: Project, table: str) -> pd.DataFrame:
    frame = built.frame(f"select * from {MART}{table}")
    columns = [column for column in frame if not column.endswith(("updated_at", "profiled_at"))]
    return frame[columns].sort_values(columns).reset_index(drop=True)


def test_verdicts_name_what_moved(project: Callable[..., Project]) -> None:
    built = together(project, with_tenure(predictions()))
    assert built.dbt("build").success
    verdicts = built.frame(f"select metric, status, reason, window_start from {MART}verdicts where metric in ('mahalanobis', 'correlation_change') order by window_start")
    last = verdicts[verdicts["window_start"] == "2026-01-10"].set_index("metric")
    assert set(last["status"]) == {"alert"}
    assert "largest shift of tenure" in last.loc["mahalanobis", "reason"]
    assert "amount with tenure" in last.loc["correlation_change", "reason"]
    first = verdicts[verdicts["window_start"] == "2026-01-05"]
    assert set(first["status"]) == {"ok"}


def test_late_rows_recompute_their_windows_alone(project: Callable[..., Project]) -> None:
    log = with_tenure(predictions())
    late = log["prediction_id"].str[-2:].isin(["07"]) & (log["predicted_at"].dt.day == 4)
    late |= log.index == 200
    built = together(project, log[~late])
    built.run("-s", "+ml_monitor__multivariate_drift")
    before = built.frame(f"select window_start, max(updated_at) as updated_at from {MART}feature_moments where part = 'window' group by 1").set_index("window_start")["updated_at"].sort_index()
    components = built.rows(f"select * from {MART}components order by i, j")
    built.load("predictions", log)
    built.run("-s", "+ml_monitor__multivariate_drift")
    after = built.frame(f"select window_start, max(updated_at) as updated_at from {MART}feature_moments where part = 'window' group by 1").set_index("window_start")["updated_at"].sort_index()
    assert set(after.index[after != before]) == set(log.loc[late, "predicted_at"].dt.floor("D"))
    assert built.rows(f"select * from {MART}components order by i, j") == components
    whole = together(lambda *a, **k: project(*a, name="whole", **k), log)
    whole.run("-s", "+ml_monitor__multivariate_drift")
    pd.testing.assert_frame_equal(content(built, "feature_moments"), content(whole, "feature_moments"), rtol=1e-12)
    pd.testing.assert_frame_equal(content(built, "multivariate_statistics"), content(whole, "multivariate_statistics"), rtol=1e-9)


def test_a_column_that_the_log_loses(project: Callable[..., Project]) -> None:
    log = with_tenure(predictions())
    built = together(project, log[log["predicted_at"] < "2026-01-08"])
    built.run("-s", "+ml_monitor__multivariate_drift", now="2026-01-08 00:00:00")
    built.load("predictions", log.drop(columns="tenure"))
    built.run("-s", "+ml_monitor__multivariate_drift")
    shares = built.rows(f"select complete_share, mahalanobis from {MART}multivariate_statistics where window_start = '2026-01-09' and span = 1 and model_version = '__all__'")
    assert shares == [(0, None)]


def test_a_period_before_it_is_over(project: Callable[..., Project]) -> None:
    built = together(project, with_tenure(predictions()), reference={"from": "2026-01-01", "to": "2026-01-05"})
    built.run("-s", "+ml_monitor__multivariate_drift", now="2026-01-04 00:00:00")
    assert built.rows(f"select count(*) from {MART}feature_moments") == [(0,)]
    built.run("-s", "+ml_monitor__multivariate_drift")
    assert built.rows(f"select count(distinct window_start), max(reference_size) from {MART}multivariate_statistics") == [(10, 240)]


def test_the_option_off_leaves_the_file_idle(project: Callable[..., Project]) -> None:
    built = together(project, with_tenure(predictions()))
    built.monitors = {"churn": TOGETHER | {"multivariate": False, "thresholds": {}}}
    built.write_config()
    result = built.dbt("run")
    assert result.success
    assert not any("moments" in r.node.name or "multivariate" in r.node.name for r in result.result)
