"""NannyML: the YAML configuration of its command line (`nannyml.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_monitor.migration.draft import BAD_ABOVE, Draft, MigrationError

_TASKS = {"classification_binary": "binary", "classification_multiclass": "multiclass", "regression": "regression"}
_WINDOWS = {"h": "hour", "d": "day", "w": "week", "m": "month", "me": "month", "ms": "month"}
_DRIFT = {
    "jensen_shannon": "js_distance",
    "hellinger": "hellinger",
    "wasserstein": "wasserstein",
    "kolmogorov_smirnov": "ks",
    "l_infinity": "l_infinity",
}
_MULTICLASS = {metric: f"macro_{metric}" for metric in ("precision", "recall", "specificity", "f1", "roc_auc")}
_PERFORMANCE = {
    "roc_auc": "roc_auc",
    "f1": "f1",
    "precision": "precision",
    "recall": "recall",
    "specificity": "specificity",
    "accuracy": "accuracy",
    "average_precision": "average_precision",
    "mae": "mae",
    "mape": "mape",
    "rmse": "rmse",
    "rmsle": "rmsle",
}
_INSTEAD = {
    "cbpe": "estimated performance is computed for every monitor with scores and labels: see `estimated_…`",
    "dle": "estimated performance is computed for every monitor with labels: see `estimated_mae`",
    "domain_classifier": "there is no classifier in SQL: `multivariate` compares the features together",
    "summary_stats_avg": "`mean_shift` compares means with the reference",
    "summary_stats_std": "`std_change` compares standard deviations with the reference",
    "summary_stats_median": "`metrics` takes a metric of your own",
    "summary_stats_sum": "`metrics` takes one: `{sql: sum(column)}`",
    "continuous_distribution": "the distributions are in the report",
    "categorical_distribution": "the distributions are in the report",
}


def read(document: Any, draft: Draft) -> None:
    """Add what the file says.

    Raises:
        MigrationError: It is not such a file.
    """
    calculators = document.get("calculators") if isinstance(document, Mapping) else None
    if not isinstance(calculators, list) or not calculators:
        raise MigrationError("this is no configuration of NannyML: no list `calculators`")
    for calculator in calculators:
        if not isinstance(calculator, Mapping) or not isinstance(calculator.get("params"), Mapping) or "type" not in calculator:
            raise MigrationError("this is no configuration of NannyML: a calculator without `type` or `params`")
        if calculator.get("enabled", True):
            _calculator(str(calculator["type"]), calculator["params"], draft)
    source = document.get("input")
    if isinstance(source, Mapping):
        paths = [part["path"] for part in source.values() if isinstance(part, Mapping) and part.get("path")]
        draft.leave(
            f"input {', '.join(map(str, paths))}", "files are not read: the logs are models or sources of your dbt project"
        )
        target = source.get("target_data")
        if isinstance(target, Mapping) and target.get("join_column"):
            draft.roles["prediction_id"] = target["join_column"]
    if document.get("scheduling"):
        draft.leave("scheduling", "`dbt build` runs when your scheduler runs it")


def _calculator(kind: str, params: Mapping[str, Any], draft: Draft) -> None:
    _common(params, draft)
    thresholds = params.get("thresholds") or {}
    if kind == "univariate_drift":
        _univariate(params, thresholds, draft)
    elif kind == "performance":
        _performance(params, thresholds, draft)
    elif kind in ("missing_values", "unseen_values"):
        metric = "missing_rate" if kind == "missing_values" else "unseen_rate"
        for column in _names(params.get("column_names")):
            draft.feature(column, "categorical" if kind == "unseen_values" else None)
        for threshold in thresholds.values() if isinstance(thresholds, Mapping) else ():
            _limit(metric, kind, threshold, draft, share=params.get("normalize", True))
    elif kind == "summary_stats_row_count":
        for threshold in thresholds.values() if isinstance(thresholds, Mapping) else ():
            _limit("row_count", kind, threshold, draft)
    elif kind == "reconstruction_error":
        draft.leave(
            kind,
            "`multivariate: true` computes `reconstruction_error`; its unit is a ratio to the reference, so set the limit anew",
        )
        for column in _names(params.get("column_names")):
            draft.feature(column)
    else:
        draft.leave(kind, _INSTEAD.get(kind, "there is no such calculator here"))
    if kind in ("reconstruction_error", "univariate_drift"):
        for name in ("treat_as_categorical", "treat_as_numerical"):
            for column in _names(params.get(name)):
                draft.types[column] = "categorical" if name == "treat_as_categorical" else "numeric"


def _common(params: Mapping[str, Any], draft: Draft) -> None:
    for theirs, ours in (("timestamp_column_name", "predicted_at"), ("y_pred", "prediction"), ("y_true", "label")):
        if isinstance(params.get(theirs), str):
            draft.roles.setdefault(ours, params[theirs])
    score = params.get("y_pred_proba")
    if isinstance(score, str):
        draft.roles.setdefault("score", score)
    elif isinstance(score, Mapping):
        draft.roles.setdefault("scores", dict(score))
    if params.get("problem_type"):
        if params["problem_type"] not in _TASKS:
            raise MigrationError(f"problem_type {params['problem_type']!r} of NannyML is not one of {', '.join(_TASKS)}")
        draft.roles["task"] = _TASKS[params["problem_type"]]
    if params.get("chunk_period"):
        period = str(params["chunk_period"])
        window = _WINDOWS.get(period.split("-")[0].lower())
        if window:
            draft.roles.setdefault("window", window)
        else:
            draft.leave(
                f"chunk_period {period}", f"a window is one of {', '.join(sorted(set(_WINDOWS.values())))}, or a chunk of rows"
            )
    elif params.get("chunk_size"):
        draft.roles.setdefault("window", "chunk")
        draft.roles.setdefault("chunk_rows", int(params["chunk_size"]))
    elif params.get("chunk_number"):
        draft.leave(f"chunk_number {params['chunk_number']}", "a log that grows has no fixed number of chunks: choose `window`")


def _univariate(params: Mapping[str, Any], thresholds: Mapping[str, Any], draft: Draft) -> None:
    for column in _names(params.get("column_names")):
        draft.feature(column)
    methods = [*_names(params.get("continuous_methods")), *_names(params.get("categorical_methods"))] or ["jensen_shannon"]
    for method in dict.fromkeys(methods):
        if method not in _DRIFT:
            draft.leave(
                f"method {method}", "a test without a size: drift is judged by `psi`, with significance (`alpha`) and materiality"
            )
        elif method in thresholds:
            _limit(_DRIFT[method], method, thresholds[method], draft)
            if method == "wasserstein":
                draft.leave(
                    "unit of wasserstein",
                    "theirs is in the feature's unit, ours in robust standard deviations: set the limit anew",
                )
        else:
            draft.leave(
                f"default limit of {method}",
                f"three standard deviations of the reference: `{_DRIFT[method]}: {{rule: sigma, alert: 3}}` is its like",
            )


def _performance(params: Mapping[str, Any], thresholds: Mapping[str, Any], draft: Draft) -> None:
    for metric in _names(params.get("metrics")):
        if metric not in _PERFORMANCE:
            why = (
                "`costs` gives cost per prediction"
                if metric == "business_value"
                else "the counts are in the report, without limits"
            )
            draft.leave(
                f"metric {metric}", why if metric in ("business_value", "confusion_matrix") else "there is no such metric here"
            )
            continue
        ours = _MULTICLASS.get(metric, metric) if draft.roles.get("task") == "multiclass" else _PERFORMANCE[metric]
        if metric in thresholds:
            _limit(ours, metric, thresholds[metric], draft)
        else:
            draft.leave(
                f"default limit of {metric}",
                f"three standard deviations of the reference: `{ours}: {{rule: sigma, alert: 3}}` is its like",
            )


def _limit(metric: str, what: str, threshold: Any, draft: Draft, *, share: bool = True) -> None:
    if not isinstance(threshold, Mapping) or "type" not in threshold:
        raise MigrationError(f"a threshold of {what} is no mapping with a `type`")
    if threshold["type"] == "standard_deviation":
        multipliers = [threshold.get(f"std_{side}_multiplier", 3) for side in ("lower", "upper")]
        n = next((value for value in multipliers if value is not None), 3)
        draft.thresholds[metric] = {"rule": "sigma", "alert": n}
        draft.leave(f"offset of {what}", "`sigma` compares with the windows before, not with chunks of the reference")
        return
    if threshold["type"] != "constant":
        draft.leave(f"threshold {threshold['type']} of {what}", "only `constant` and `standard_deviation` are known")
        return
    if not share:
        draft.leave(f"limit of {what}", "it is a count (`normalize: false`): give a share")
        return
    bad = "above" if metric in BAD_ABOVE else "below"
    for side, name in (("below", "lower"), ("above", "upper")):
        value = threshold.get(name)
        if value is None:
            continue
        if side == bad:
            draft.limit(metric, side, float(value), what=what)
        else:
            draft.leave(f"{what} {side} {value:g}", f"`{metric}` is judged on its other side only")


def _names(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(name) for name in value or []]
