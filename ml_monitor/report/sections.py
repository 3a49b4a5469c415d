"""What the page says about a monitor: a document of words, numbers and tables that the browser draws when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml_monitor.alerts.incidents import Incident
from ml_monitor.report import gate, pack, words
from ml_monitor.report.feedback import feedback
from ml_monitor.report.lanes import lanes
from ml_monitor.report.performance import performance
from ml_monitor.report.rows import ByMonitor, Reading, Row, milliseconds
from ml_monitor.report.tables import Table, table

_MOST_ALERTS = 60
_LANES = ("inputs", "data", "performance")
_FLEET_SHADES = {"unknown": "1", "ok": "2", "warning": "5", "alert": "6"}


def headlines(reading: Reading) -> list[Row]:
    """A row per monitor, those with open alerts first."""
    found = [rows[0] for rows in reading.rows["rpt_headline"].values()]
    return sorted(found, key=lambda row: (-row["n_open_alerts"], -row["n_open_warnings"], row["monitor"]))


def overview(headline: Row, reading: Reading) -> dict[str, Any]:
    """A monitor's row in the list of all: what is said of it, and the worst verdict of each lane and column of time."""
    cells = reading.of("rpt_fleet", headline["monitor"])
    columns = sorted({cell["column_start"] for cell in cells})
    place = {column: number for number, column in enumerate(columns)}
    strips = {lane: ["0"] * len(columns) for lane in _LANES}
    ends: dict[Any, Any] = {}
    for cell in cells:
        strips[cell["lane"]][place[cell["column_start"]]] = _FLEET_SHADES.get(cell["worst_status"], "1")
        ends[cell["column_start"]] = cell["column_end"]
    return {
        "name": headline["monitor"],
        "status": _status(headline),
        "state": _headline(headline)[0],
        "champion": _champion(headline),
        "metric": _metric(headline),
        "columns": [milliseconds(column) for column in columns],
        "end": milliseconds(max(ends.values())) if ends else None,
        "strips": ["".join(strips[lane]) for lane in _LANES],
        "n_alert": sum(cell["worst_status"] == "alert" for cell in cells),
        "n_cells": len(cells),
        "reason": _newest_reason(cells),
    }


def _newest_reason(cells: Sequence[Row]) -> str:
    newest = max((cell["column_start"] for cell in cells), default=None)
    severe = [cell for cell in cells if cell["column_start"] == newest and cell["worst_status"] in ("alert", "warning")]
    severe.sort(key=lambda cell: cell["worst_status"])
    return severe[0]["worst_reason"] or "" if severe else ""


def document(
    headline: Row, reading: Reading, incidents: Sequence[Incident], said: Mapping[str, ByMonitor]
) -> tuple[dict[str, Any], dict[str, pack.Bytes]]:
    """Everything about one monitor."""
    name, unit = headline["monitor"], headline["window_unit"]
    cells, arrays = pack.inputs(
        *(reading.frame(view, name) for view in ("rpt_input_heatmap", "rpt_distribution", "rpt_bin_history"))
    )
    alerts = reading.of("rpt_alerts", name)
    shown = [row for row in alerts if row["is_open"]]
    shown += [row for row in alerts if not row["is_open"]][: max(0, _MOST_ALERTS - len(shown))]
    return {
        "name": name,
        "description": headline["description"] or "",
        "status": _status(headline),
        "headline": _headline(headline),
        "unit": unit,
        "axis": _axis(headline, cells),
        "inputs": cells,
        "lanes": lanes(
            headline,
            reading.of("rpt_performance", name),
            reading.of("rpt_reference_level", name),
            reading.of("rpt_timeline", name),
            any_inputs=bool(cells["features"]),
        ),
        "alerts": _alerts(shown),
        "hidden_alerts": len(alerts) - len(shown),
        "incidents": _incidents([one for one in incidents if one.monitor == name]),
        "findings": _findings(reading.of("rpt_quality_findings", name), unit),
        "ranking": _ranking(reading.of("drift_ranking", name)),
        "performance": performance(headline, reading),
        "gate": gate.gate(reading.of("evaluations", name), reading.of("training_runs", name), reading.of("gate_results", name)),
        "feedback": feedback(name, unit, said),
        "facts": _facts(headline),
    }, arrays


def _axis(headline: Row, cells: dict[str, Any]) -> list[int] | None:
    """The stretch of time that all lanes share."""
    known = [milliseconds(headline[name]) for name in ("first_window_start", "last_window_end") if headline[name] is not None]
    known += [*cells["columns"], *cells["ends"]]
    return [min(known), max(known)] if known else None


def _incidents(found: Sequence[Incident]) -> Table:
    return table(
        ("since", "what alarms", "first suspect upstream", "last change to it"),
        [
            (
                one.state,
                [
                    words.day(one.opened_at),
                    "; ".join(one.alerts),
                    f"{one.suspect.node} ({', '.join(one.suspect.columns)})" if one.suspect else "nothing in common upstream",
                    (one.suspect.last_change or "not known") if one.suspect else "",
                ],
            )
            for one in found
        ],
    )


def _ranking(rows: Sequence[Row]) -> Table:
    """Features whose drift goes with a worse model, over the longest span."""
    longest = rows[0]["span"] if rows else None
    return table(
        ("feature", "drift goes with error (r)", "newest PSI", "windows"),
        [
            (
                "ok",
                [
                    words.feature_name(row["feature"]),
                    f"{row['correlation']:+.2f}",
                    words.value(row["newest_psi"], "psi"),
                    words.size(row["n_windows"]),
                ],
            )
            for row in rows
            if row["span"] == longest and row["correlation"] is not None
        ][:12],
    )


def _status(headline: Row) -> str:
    if headline["n_open_alerts"]:
        return "alert"
    if headline["n_open_warnings"]:
        return "warning"
    return "ok" if headline["n_windows"] else "unknown"


def _headline(row: Row) -> list[str]:
    if not row["n_windows"]:
        return ["No window has been judged yet. Run `dbt build` once predictions have arrived."]
    opened = [words.counted(row["n_open_alerts"], "alert")] if row["n_open_alerts"] or not row["n_open_warnings"] else []
    opened += [words.counted(row["n_open_warnings"], "warning")] if row["n_open_warnings"] else []
    sentences = [
        f"{' and '.join(opened)} open".capitalize(),
        _champion(row, why=True),
        _metric(row, limits=True),
    ]
    if row["label_coverage"] is not None:
        sentences.append(f"labels are in for {words.percent(row['label_coverage'])} of those predictions")
    return sentences


def _champion(row: Row, *, why: bool = False) -> str:
    if row["champion_version"] is None:
        in_use = f"version {row['serving_version']} in use" if row["serving_version"] else "no version known"
        return f"{in_use}, no champion on record yet" if why else in_use
    text = f"champion {row['champion_version']}"
    if row["champion_since"]:
        text += f" since {words.day(row['champion_since'].replace(hour=0, minute=0))}"
    if why and row["champion_reason"]:
        text += f": {row['champion_reason']}"
    return text


def _metric(row: Row, *, limits: bool = False) -> str:
    if row["metric"] is None:
        return "performance not known: no labels"
    bounds = words.interval(row["lower_bound"], row["upper_bound"], row["metric"])
    text = f"{words.measured(row)} {bounds}".rstrip()
    if not limits:
        return text
    text += f" over the {words.over(row['span'], row['window_unit'])} to {words.day(row['metric_window_end'])}"
    threshold = words.limit(row["direction"], row["alert_threshold"], row["metric"])
    if threshold:
        text += f" (alert {threshold})"
    return text if row["is_settled"] else f"{text}, labels still incomplete"


def _alerts(rows: Sequence[Row]) -> Table:
    """Alerts of one metric that opened and closed together are one line: most often they have one cause."""
    together: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        key = tuple(
            row[name]
            for name in (
                "is_open",
                "severity",
                "metric",
                "segment",
                "segment_value",
                "opened_at",
                "resolved_at",
            )
        )
        together.setdefault(key, []).append(row)
    return table(
        ("what", "when", "value", "limit", "now", "why, in words"),
        [_alert(group) for group in together.values()],
    )


def _alert(group: Sequence[Row]) -> tuple[str, list[str]]:
    first = group[0]
    what, why = words.subject(first), first["reason"] or ""
    if len(group) > 1:
        what = f"{len(group)} features · {words.subject({**first, 'feature': words.EVERYTHING})}"
        names = [words.feature_name(row["feature"]) for row in group]
        why = f"{', '.join(names)}. {names[0]}: {why}"
    when = (
        f"since {words.day(first['opened_at'])}" if first["is_open"] else words.period(first["opened_at"], first["resolved_at"])
    )
    limit = "" if first["threshold_value"] is None else words.value(first["threshold_value"], first["metric"])
    return (
        first["severity"] if first["is_open"] else f"{first['severity']} past",
        [
            what,
            when,
            words.value(first["metric_value"], first["metric"]),
            limit,
            "" if first["current_value"] is None else words.value(first["current_value"], first["metric"]),
            why,
        ],
    )


def _findings(rows: Sequence[Row], unit: str) -> Table:
    found = [
        (
            row["worst_status"] if row["is_current"] else f"{row['worst_status']} past",
            [
                words.subject({**row, "segment": words.EVERYTHING}),
                "now" if row["is_current"] else f"until {words.day(row['last_window_end'])}",
                words.counted(row["n_windows"], unit),
                words.value(row["latest_value"], row["metric"]),
                row["latest_reason"] or "",
            ],
        )
        for row in rows
    ]
    return table(("what", "when", "broken in", "last value", "in words"), found)


def _facts(row: Row) -> list[str]:
    facts = [
        f"task: {row['task']}",
        f"one window: {words.over(1, row['window_unit'])}",
        f"{words.counted(row['n_windows'], 'window')} judged",
        f"{words.counted(row['n_features'], 'feature')} with the model's outputs",
        f"edge set {row['edge_set_id']}",
        f"windows below {words.counted(row['min_rows'], 'row')} are not judged",
        f"owner: {row['owner']}" if row["owner"] else "no owner declared",
    ]
    if row["detectable_psi"] is not None:
        facts.append(
            f"least drift that its newest window shows: PSI {words.value(row['detectable_psi'], 'psi')} "
            f"({row['detectable_sigma']:.2g} σ)"
        )
    if row["serving_version"]:
        facts.append(f"latest version in the log: {row['serving_version']}")
    return facts
