"""Evidently 0.7: the JSON that `snapshot.save_json` writes. Each metric carries its configuration, and its tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import log, sqrt
from typing import Any

from ml_monitor.migration.draft import Draft, MigrationError

_PREFIX = "evidently:metric_v2:"
_TEST = "evidently:test_v2:"
# Drift methods that have a counterpart, with the factor between both units.
_DRIFT = {
    "psi": ("psi", 1.0),
    "kl_div": ("kl_divergence", 1.0),
    # Theirs is in nats, ours in bits; both are roots.
    "jensenshannon": ("js_distance", 1 / sqrt(log(2))),
    "hellinger": ("hellinger", 1.0),
    "TVD": ("total_variation", 1.0),
    "wasserstein": ("wasserstein", 1.0),
}
_P_VALUES = {
    "ks",
    "chisquare",
    "z",
    "anderson",
    "cramer_von_mises",
    "mannw",
    "ed",
    "es",
    "t_test",
    "fisher_exact",
    "g_test",
    "empirical_mmd",
}
_NUMERIC_METHODS = {"ks", "wasserstein", "anderson", "cramer_von_mises", "mannw", "ed", "t_test"}
_CATEGORICAL_METHODS = {"chisquare", "z", "fisher_exact", "g_test"}
_NUMERIC = {
    "MeanValue",
    "MinValue",
    "MaxValue",
    "StdValue",
    "MedianValue",
    "QuantileValue",
    "SumValue",
    "InRangeValueCount",
    "OutRangeValueCount",
}
_CATEGORICAL = {"CategoryCount", "InListValueCount", "OutListValueCount", "UniqueValueCount"}
_QUALITY = {
    "Accuracy": "accuracy",
    "Precision": "precision",
    "Recall": "recall",
    "F1Score": "f1",
    "RocAuc": "roc_auc",
    "LogLoss": "log_loss",
    "MAE": "mae",
    "RMSE": "rmse",
    "MAPE": "mape",
    "R2Score": "r2",
    "RowCount": "row_count",
}
_CLASSIFICATION = {"Accuracy", "Precision", "Recall", "F1Score", "RocAuc", "LogLoss", "TPR", "TNR", "FPR", "FNR"}
_REGRESSION = {"MAE", "RMSE", "MAPE", "R2Score", "MeanError", "AbsMaxError"}
_SIDES = {
    "GreaterOrEqualMetricTest": "below",
    "GreaterThanMetricTest": "below",
    "LessOrEqualMetricTest": "above",
    "LessThanMetricTest": "above",
}
_METHOD_SAID = re.compile(r"The drift detection method is (.+?)\. The drift threshold")
_SAID = {
    "Wasserstein distance (normed)": "numeric",
    "K-S p_value": "numeric",
    "chi-square p_value": "categorical",
    "Z-test p_value": "categorical",
}


def read(document: Any, draft: Draft) -> None:
    """Add what the file says.

    Raises:
        MigrationError: It is not such a file.
    """
    metrics = document.get("metrics") if isinstance(document, Mapping) else None
    if not isinstance(metrics, list) or not metrics:
        raise MigrationError("this is no report of Evidently: no list `metrics`. Write one with `snapshot.save_json(path)`")
    if any(isinstance(metric, Mapping) and "metric" in metric and "config" not in metric for metric in metrics):
        raise MigrationError(
            "this is a report of Evidently before 0.7, which carries results only: run it once with 0.7 or later"
        )
    for metric in metrics:
        config = metric.get("config") if isinstance(metric, Mapping) else None
        if not isinstance(config, Mapping) or not str(config.get("type", "")).startswith(_PREFIX):
            raise MigrationError("this is no report of Evidently 0.7: a metric has no `config` with its type")
        _metric(str(config["type"]).removeprefix(_PREFIX), config, draft)
    _types_from_tests(document.get("tests") or [], draft)
    _task(metrics, draft)


def _metric(kind: str, config: Mapping[str, Any], draft: Draft) -> None:
    column = config.get("column")
    if isinstance(column, str) and kind not in _CLASSIFICATION | _REGRESSION:
        draft.feature(column, "numeric" if kind in _NUMERIC else "categorical" if kind in _CATEGORICAL else None)
    if kind == "ValueDrift":
        _drift(config, draft)
    elif kind == "DriftedColumnsCount":
        for name in config.get("columns") or []:
            draft.feature(str(name))
        draft.leave(
            f"share of drifted columns above {config.get('drift_share', 0.5):g}",
            "each feature has its own verdict: alerts can be grouped",
        )
    elif kind == "MissingValueCount":
        _tests(kind, "missing_rate", config.get("share_tests"), draft, feature=column)
        _untold(kind, config.get("tests"), "a count depends on the volume: give a share", draft)
    elif kind in ("InRangeValueCount", "OutRangeValueCount"):
        draft.bound(
            str(column),
            **{ours: config[theirs] for theirs, ours in (("left", "min"), ("right", "max")) if config.get(theirs) is not None},
        )
    elif kind in ("InListValueCount", "OutListValueCount"):
        draft.bound(str(column), allowed=list(config.get("values") or []))
    elif kind in _QUALITY:
        _tests(kind, _QUALITY[kind], config.get("tests"), draft)
    else:
        for key in ("tests", "share_tests", "mean_tests"):
            _untold(kind, config.get(key), "there is no such metric here; `metrics` takes one of your own", draft)


def _drift(config: Mapping[str, Any], draft: Draft) -> None:
    column, method, threshold = str(config["column"]), config.get("method"), config.get("threshold")
    if method in _NUMERIC_METHODS:
        draft.feature(column, "numeric")
    elif method in _CATEGORICAL_METHODS:
        draft.feature(column, "categorical")
    if method is None:
        return
    if method in _P_VALUES:
        draft.leave(
            f"{method} of {column}",
            "a p-value falls with the number of rows: drift is judged by `psi`, with significance (`alpha`) and materiality",
        )
    elif method not in _DRIFT:
        draft.leave(f"{method} of {column}", "there is no such distance here: drift is judged by `psi`")
    elif threshold is not None:
        metric, factor = _DRIFT[method]
        draft.limit(metric, "above", round(float(threshold) * factor, 6), feature=column, what=f"{method} of {column}")
        if method == "wasserstein":
            draft.leave(
                f"unit of wasserstein of {column}",
                "theirs is in std of the reference, ours in (q95 - q05) / 3.29: equal for a normal feature",
            )
        if method == "kl_div":
            draft.leave(
                f"direction of kl_div of {column}",
                "theirs is KL(reference || window), ours KL(window || reference): check the limit",
            )


def _tests(kind: str, metric: str, tests: Any, draft: Draft, *, feature: str | None = None) -> None:
    for test in _listed(tests):
        name = str(test.get("type", "")).removeprefix(_TEST)
        threshold = test.get("threshold")
        if name not in _SIDES or not isinstance(threshold, int | float):
            draft.leave(f"{name} of {kind}", "only limits with a number on one side are carried over")
            continue
        level = "alert" if test.get("is_critical", True) else "warn"
        draft.limit(metric, _SIDES[name], float(threshold), level=level, feature=feature, what=kind)


def _untold(kind: str, tests: Any, why: str, draft: Draft) -> None:
    for test in _listed(tests):
        draft.leave(f"{str(test.get('type', '')).removeprefix(_TEST)} of {kind}", why)


def _listed(tests: Any) -> list[Mapping[str, Any]]:
    found = tests if isinstance(tests, list) else []
    return [test for test in found if isinstance(test, Mapping)]


def _types_from_tests(tests: Any, draft: Draft) -> None:
    """A report with tests says in words with which method a default was computed, which tells the type of the column."""
    for test in _listed(tests):
        params = (test.get("metric_config") or {}).get("params") or {}
        said = _METHOD_SAID.search(str(test.get("description", "")))
        if said and said[1] in _SAID and isinstance(params.get("column"), str):
            draft.feature(params["column"], _SAID[said[1]])


def _task(metrics: list[Any], draft: Draft) -> None:
    kinds = {str(metric["config"]["type"]).removeprefix(_PREFIX) for metric in metrics}
    if kinds & _REGRESSION:
        draft.roles["task"] = "regression"
    elif kinds & _CLASSIFICATION:
        multiclass = {"F1ByLabel", "PrecisionByLabel", "RecallByLabel"} & kinds and "RocAuc" not in kinds
        draft.roles["task"] = "multiclass" if multiclass else "binary"
        if multiclass:
            draft.leave("task", "taken as multiclass: metrics by label and no ROC AUC; change `task` if it is binary")
