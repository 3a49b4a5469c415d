"""Rows of the report views, by monitor, all at one moment."""

# ruff: noqa: S608 - only quoted relation names and column lists of this file are put into SQL; values are bound

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_monitor.warehouse import MissingTable, Session, Warehouse

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
ByMonitor = Mapping[str, list[Row]]

VIEWS: Mapping[str, str] = {
    "rpt_headline": "monitor",
    "rpt_fleet": "monitor, column_start, lane",
    "rpt_performance": "monitor, window_start",
    "rpt_performance_now": "monitor, metric, worst_rank",
    "rpt_reference_level": "monitor, starts_at",
    "rpt_timeline": "monitor, item_kind, subject_rank, starts_at, item_id",
    "rpt_alerts": "monitor, is_open desc, severity, opened_at desc, incident_id",
    "rpt_quality_findings": "monitor, is_current desc, worst_status, n_windows desc, metric, feature",
    "rpt_calibration": "monitor, band",
    "rpt_class_calibration": "monitor, class_rank, band",
    "rpt_cutoffs": "monitor, class_rank, cutoff desc",
    "rpt_comparisons": "monitor, metric desc, champion, challenger",
    "rpt_fairness": "monitor, metric, worst_rank",
    "rpt_decomposition": "monitor, metric_rank, segment, effect_rank",
    "rpt_confusion": "monitor, actual_class, predicted_class",
    "rpt_estimated_performance": "monitor, window_start",
    "rpt_label_maturity": "monitor, label_age",
}
"""Read once for all monitors."""

FRAMES: Mapping[str, str] = {
    "rpt_input_heatmap": "feature_rank, column_start",
    "rpt_distribution": "feature_rank, part desc, bin_order",
    "rpt_bin_history": "feature, bin, window_start",
}
"""A row per feature and time or bin: read monitor by monitor, as columns."""

LEDGERS: Mapping[str, str] = {
    "evaluations": "monitor, created_at desc, training_run_id, metric, segment, segment_value",
    "training_runs": "monitor, started_at desc",
    "gate_results": "monitor, created_at desc",
    "deployments": "monitor, effective_at desc",
    "drift_ranking": "monitor, span desc, place",
    "worst_slices": "monitor, window_start desc, span desc, damage desc",
    "worst_bins": "monitor, is_confirmed desc, damage desc",
}
"""Read as far as they are there: an option that is off has no table."""

_ONLY = {
    "worst_slices": """is_worse and (monitor, span, window_start) in (
        select monitor, span, max(window_start) from {table} group by monitor, span
        union all select monitor, span, max(window_start) from {table} where next_p_value is not null group by monitor, span
    )""",
    "worst_bins": "is_worse",
}
_MOST_CELLS = 5400


@dataclass(frozen=True)
class Reading:
    """What the report is made from; frames are read when they are asked for, while the reading is open."""

    rows: Mapping[str, ByMonitor]
    _session: Session
    _warehouse: Warehouse

    def of(self, table: str, monitor: str) -> list[Row]:
        """The rows of one monitor, none where there is no such table."""
        return self.rows.get(table, {}).get(monitor, [])

    def frame(self, view: str, monitor: str) -> pd.DataFrame:
        """A view of `FRAMES` for one monitor."""
        sql = f"select * from {self._warehouse.table(view)} where monitor = :monitor order by {FRAMES[view]}"
        return self._session.frame(sql, {"monitor": monitor})

    def triangle(self, monitor: str) -> list[Row]:
        """The newest cells of the label triangle of one monitor, up to an age of 60 windows."""
        return self._session.query(
            f"""select window_start, label_age, label_coverage from {self._warehouse.table("label_maturity")}
            where monitor = :monitor and label_age <= 60 order by window_start desc, label_age limit {_MOST_CELLS}""",
            {"monitor": monitor},
        )


@contextmanager
def reading(warehouse: Warehouse) -> Iterator[Reading]:
    """Open a reading.

    Raises:
        MissingTable: A report view is not there: dbt has not been run.
    """
    found = {name: _ledger(warehouse, name, order) for name, order in LEDGERS.items()}
    with warehouse.transaction() as session:
        for view, order in VIEWS.items():
            found[view] = by_monitor(session.query(f"select * from {warehouse.table(view)} order by {order}"))
        yield Reading(found, session, warehouse)


def _ledger(warehouse: Warehouse, name: str, order: str) -> dict[str, list[Row]]:
    table = warehouse.table(name)
    only = f"where {_ONLY[name].format(table=table)}" if name in _ONLY else ""
    try:
        return by_monitor(warehouse.query(f"select * from {table} {only} order by {order}"))
    except MissingTable:
        return {}


def by_monitor(rows: list[Row]) -> dict[str, list[Row]]:
    """Rows without numbers that are none, by their monitor."""
    found = defaultdict(list)
    for row in rows:
        found[row["monitor"]].append({name: plain(cell) for name, cell in row.items()})
    return found


def plain(cell: Any) -> Any:
    """A cell without decimals and without numbers that are none."""
    if isinstance(cell, Decimal):
        return float(cell)
    not_a_number = isinstance(cell, float) and cell != cell
    return None if not_a_number else cell


def milliseconds(moment: datetime) -> int:
    """A moment as browsers count time."""
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)
