"""Rows of the report views, by monitor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ml_monitor.warehouse import MissingTable, Warehouse

Row = dict[str, Any]

VIEWS: Mapping[str, str] = {
    "rpt_headline": "monitor",
    "rpt_fleet": "monitor, column_start, lane",
    "rpt_input_heatmap": "monitor, feature_rank, column_start",
    "rpt_performance": "monitor, window_start",
    "rpt_reference_level": "monitor, starts_at",
    "rpt_timeline": "monitor, item_kind, subject_rank, starts_at, item_id",
    "rpt_alerts": "monitor, is_open desc, severity, opened_at desc, incident_id",
    "rpt_quality_findings": "monitor, is_current desc, worst_status, n_windows desc, metric, feature",
    "rpt_distribution": "monitor, feature_rank, part desc, bin_order",
    "rpt_calibration": "monitor, band",
    "rpt_estimated_performance": "monitor, window_start",
    "rpt_label_maturity": "monitor, label_age",
}

LEDGERS: Mapping[str, str] = {
    "evaluations": "monitor, created_at desc, training_run_id, metric, segment, segment_value",
    "training_runs": "monitor, started_at desc",
}


def read_ledgers(warehouse: Warehouse) -> dict[str, dict[str, list[Row]]]:
    """What is written down about retraining, by monitor; nothing where a table is not there yet."""
    found: dict[str, dict[str, list[Row]]] = {}
    for table, order in LEDGERS.items():
        by_monitor = found[table] = defaultdict(list)
        try:
            with warehouse.transaction() as session:
                sql = f"select * from {warehouse.table(table)} order by {order}"  # noqa: S608 - names of this file
                for row in session.query(sql):
                    by_monitor[row["monitor"]].append({name: _plain(cell) for name, cell in row.items()})
        except MissingTable:
            continue
    return found


def read(warehouse: Warehouse) -> dict[str, dict[str, list[Row]]]:
    """Every report view, as `{view: {monitor: rows}}`, all at one moment."""
    report: dict[str, dict[str, list[Row]]] = {}
    with warehouse.transaction() as session:
        for view, order in VIEWS.items():
            by_monitor = report[view] = defaultdict(list)
            sql = f"select * from {warehouse.table(view)} order by {order}"  # noqa: S608 - names of this file
            for row in session.query(sql):
                by_monitor[row["monitor"]].append({name: _plain(cell) for name, cell in row.items()})
    return report


def _plain(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return float(cell)
    not_a_number = isinstance(cell, float) and cell != cell
    return None if not_a_number else cell


def milliseconds(moment: datetime) -> int:
    """A moment as Vega counts time."""
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)
