"""What training rows are expected to look like: a file that is made from the reference and then belongs to
its user."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ml_monitor.retraining.errors import RetrainingError
from ml_monitor.retraining.snapshots import training_query
from ml_monitor.retraining.spec import MonitorSpec, load_spec
from ml_monitor.warehouse import Warehouse

Expectation = dict[str, Any]

NULL_MARGIN = 0.05
"""How much larger than in the reference the share of missing values may be."""
STRAYS = 0.01
"""Share of values that may lie outside of the range."""
NEWCOMERS = 0.05
"""Share of rows that may be of a category which the reference does not have."""

_HEADER = """\
# What the rows that '{monitor}' is trained on must look like; made from its reference, yours to edit.
# Each entry is an expectation of Great Expectations: https://greatexpectations.io/expectations
# `mostly` is the share of rows that must meet it.
"""


def write_suite(warehouse: Warehouse, monitor: str, path: Path, *, now: datetime) -> int:
    """Write the suite of a monitor, made from its reference and from the labels known now.

    Returns:
        The number of expectations.

    Raises:
        RetrainingError: The file is there already, or there is no reference or no label yet.
    """
    if path.exists():
        raise RetrainingError(f"{path} is there already. Edit it, or delete it to have it made again.")
    spec = load_spec(warehouse, monitor)
    bins = warehouse.query(
        "select feature, bin_kind, category, n, value_min, value_max "
        f"from {warehouse.table('reference_bins')} "
        "where monitor = :monitor and segment = '__all__' and edge_set_id = ("
        f"select max(edge_set_id) from {warehouse.table('reference_bins')} where monitor = :monitor and frozen_at = ("
        f"select max(frozen_at) from {warehouse.table('reference_bins')} where monitor = :monitor)) "
        "order by feature, bin",
        {"monitor": monitor},
    )
    label = warehouse.quote(spec.label)
    balance = warehouse.query(
        f"select count(*) as n, avg({label}) as mean, min({label}) as low, max({label}) as high "
        f"from ({training_query(warehouse, spec)}) as labelled",
        {"as_of": now},
    )[0]
    if not bins or not balance["n"]:
        lacking = "reference" if not bins else "labelled predictions"
        raise RetrainingError(f"monitor '{monitor}' has no {lacking} yet: run `dbt build` once there are rows")
    expectations = expectations_of(spec, bins, balance)
    path.parent.mkdir(parents=True, exist_ok=True)
    body = yaml.safe_dump({"expectations": expectations}, sort_keys=False, allow_unicode=True)
    path.write_text(_HEADER.format(monitor=monitor) + body, encoding="utf-8")
    return len(expectations)


def read_suite(path: Path) -> list[Expectation]:
    """The expectations of a suite file, YAML or JSON.

    Raises:
        RetrainingError: No such file, or it is not a list of expectations.
    """
    if not path.is_file():
        raise RetrainingError(f"retraining.gate: no file {path}. `ml-monitor gate init` makes one.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RetrainingError(f"{path} is neither YAML nor JSON: {error}") from error
    entries = content.get("expectations") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise RetrainingError(f"{path} needs a list `expectations` with at least one entry")
    for place, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
            raise RetrainingError(f"{path}: entry {place} has no `type`, e.g. expect_column_values_to_not_be_null")
    return entries


def expectations_of(
    spec: MonitorSpec, bins: Sequence[Mapping[str, Any]], balance: Mapping[str, Any]
) -> list[Expectation]:
    """Expectations from the reference's bins and the balance of labels: volume, types, missing values,
    ranges, categories, label."""
    totals = {row["feature"]: row for row in bins if row["bin_kind"] == "total"}
    rows = max((row["n"] for row in totals.values()), default=1)
    expectations = [_expect("expect_table_row_count_to_be_between", min_value=max(1, int(rows) // 2))]
    for feature, kind in spec.features.items():
        # What is hashed in the reference is not in the training rows.
        unknown = "category" if spec.hashes_categories else None
        own = [row for row in bins if row["feature"] == feature and row["bin_kind"] != unknown]
        if feature in totals and totals[feature]["n"]:
            expectations += _of_feature(feature, kind, own, totals[feature])
    return [*expectations, *_of_label(spec, balance)]


def _of_feature(
    feature: str, kind: str, bins: Sequence[Mapping[str, Any]], total: Mapping[str, Any]
) -> list[Expectation]:
    def share(*kinds: str) -> float:
        return float(sum(row["n"] for row in bins if row["bin_kind"] in kinds)) / float(total["n"])

    types = ["float64"] if kind == "numeric" else ["str"]
    expectations = [
        _expect("expect_column_values_to_be_in_type_list", column=feature, type_list=types),
        _expect(
            "expect_column_values_to_not_be_null",
            column=feature,
            mostly=_mostly(share("missing", "invalid") + NULL_MARGIN),
        ),
    ]
    categories = sorted(row["category"] for row in bins if row["bin_kind"] == "category" and row["category"] is not None)
    if kind == "numeric" and total["value_min"] is not None:
        expectations.append(_between(feature, float(total["value_min"]), float(total["value_max"])))
    elif categories:
        unnamed = _mostly(share("other") + NEWCOMERS)
        expectations.append(
            _expect("expect_column_values_to_be_in_set", column=feature, value_set=categories, mostly=unnamed)
        )
    return expectations


def _of_label(spec: MonitorSpec, balance: Mapping[str, Any]) -> list[Expectation]:
    present = _expect("expect_column_values_to_not_be_null", column=spec.label)
    if spec.task == "binary":
        mean = float(balance["mean"])
        classes = _expect("expect_column_values_to_be_in_set", column=spec.label, value_set=[0, 1])
        low, high = round(mean / 2, 4), round((1 + mean) / 2, 4)
        return [present, classes, _expect("expect_column_mean_to_be_between", column=spec.label, min_value=low, max_value=high)]
    return [present, _between(spec.label, float(balance["low"]), float(balance["high"]))]


def _between(column: str, low: float, high: float) -> Expectation:
    """The range, wider by its own width on either side: seasons pass, other units and sentinels do not."""
    width = high - low
    return _expect(
        "expect_column_values_to_be_between",
        column=column,
        min_value=low - width,
        max_value=high + width,
        mostly=_mostly(STRAYS),
    )


def _mostly(exceptions: float) -> float:
    return round(max(0.0, 1 - exceptions), 4)


def _expect(kind: str, **kwargs: Any) -> Expectation:
    return {"type": kind, "kwargs": kwargs}
