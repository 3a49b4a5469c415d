"""What the page says and shows about a monitor, ready for the template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from ml_monitor.report import charts, compact, gate, lanes, words
from ml_monitor.report.gate import Gate
from ml_monitor.report.rows import Row, milliseconds

Report = Mapping[str, Mapping[str, list[Row]]]

TableRow = tuple[str, tuple[str, ...]]

_MOST_ALERTS = 30
_MOST_FEATURES = 20
_MOST_DISTRIBUTIONS = 6
_MOST_IN_FULL = 20


@dataclass(frozen=True)
class Figure:
    """A picture with the words under it."""

    title: str
    svg: Markup
    caption: str
    status: str = "ok"


@dataclass(frozen=True)
class Table:
    """Rows of text; the status colours the first cell."""

    columns: tuple[str, ...]
    rows: Sequence[TableRow]


@dataclass(frozen=True)
class Monitor:
    """One monitor's part of the page."""

    anchor: str
    name: str
    description: str
    status: str
    headline: list[str]
    strip: Markup | None
    metric: str
    champion: str
    lanes: lanes.Lanes
    inputs: Table
    distributions: list[Figure]
    alerts: Table
    hidden_alerts: int
    findings: Table
    calibration: Figure | None
    estimate: Figure | None
    maturity: Figure | None
    explorer: dict[str, Any]
    gate: Gate | None
    facts: list[str]


def monitors(report: Report) -> list[Monitor]:
    """All monitors, those with open alerts first."""
    headlines = [rows[0] for rows in report["rpt_headline"].values()]
    headlines.sort(key=lambda row: (-row["n_open_alerts"], -row["n_open_warnings"], row["monitor"]))
    return [
        _monitor(row, report, position, in_full=position <= _MOST_IN_FULL or bool(row["n_open_alerts"]))
        for position, row in enumerate(headlines, start=1)
    ]


def _monitor(headline: Row, report: Report, position: int, *, in_full: bool) -> Monitor:
    """All of it, or in a large fleet only words, tables and the explorer, which the browser draws when asked."""
    name = headline["monitor"]
    rows = {view: by_monitor.get(name, []) for view, by_monitor in report.items()}
    scope = f"m{position}"
    alerts = rows["rpt_alerts"]
    inputs = [cell for cell in rows["rpt_input_heatmap"] if cell["feature_rank"] <= _MOST_FEATURES]
    shown = [row for row in alerts if row["is_open"]]
    shown += [row for row in alerts if not row["is_open"]][: max(0, _MOST_ALERTS - len(shown))]
    return Monitor(
        anchor=re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") or scope,
        name=name,
        description=headline["description"] or "",
        status=_status(headline),
        headline=_headline(headline),
        strip=_strip(name, rows["rpt_fleet"], f"{scope}-fleet"),
        metric=_metric(headline),
        champion=_champion(headline),
        lanes=lanes.draw(
            headline,
            inputs,
            rows["rpt_performance"],
            rows["rpt_reference_level"],
            rows["rpt_timeline"],
            scope=f"{scope}-lanes",
        )
        if in_full
        else lanes.Lanes(None, []),
        inputs=_inputs(inputs),
        distributions=_distributions(rows["rpt_distribution"], headline["window_unit"], scope) if in_full else [],
        alerts=_alerts(shown),
        hidden_alerts=len(alerts) - len(shown),
        findings=_findings(rows["rpt_quality_findings"], headline["window_unit"]),
        calibration=_calibration(rows["rpt_calibration"], scope) if in_full else None,
        estimate=_estimate(rows["rpt_estimated_performance"], headline["window_unit"], scope) if in_full else None,
        maturity=_maturity(rows["rpt_label_maturity"], scope) if in_full else None,
        explorer=compact.pack(rows["rpt_input_heatmap"], rows["rpt_distribution"]),
        gate=gate.latest(rows.get("evaluations", []), rows.get("training_runs", [])),
        facts=_facts(headline),
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
    opened = (
        [words.counted(row["n_open_alerts"], "alert")]
        if row["n_open_alerts"] or not row["n_open_warnings"]
        else []
    )
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
    text += (
        f" over the {words.over(row['span'], row['window_unit'])} to {words.day(row['metric_window_end'])}"
    )
    threshold = words.limit(row["direction"], row["alert_threshold"], row["metric"])
    if threshold:
        text += f" (alert {threshold})"
    return text if row["is_settled"] else f"{text}, labels still incomplete"


def _strip(name: str, cells: list[Row], scope: str) -> Markup | None:
    if not cells:
        return None
    drawn = [
        {
            "starts_at": milliseconds(cell["column_start"]),
            "ends_at": milliseconds(cell["column_end"]),
            "lane": cell["lane"],
            "status": cell["worst_status"],
            "note": f"{cell['lane']}, {words.day(cell['column_start'])}: "
            f"{words.counted(cell['n_alert'], 'alert verdict')}, "
            f"{words.counted(cell['n_warning'], 'warning')} of {cell['n_verdicts']}. "
            f"{cell['worst_reason'] or ''}",
        }
        for cell in cells
    ]
    axis = lanes.Axis(cells[0]["column_start"], cells[-1]["column_end"])
    n_alert = sum(cell["worst_status"] == "alert" for cell in cells)
    label = f"Worst verdicts of {name} over time: {n_alert} of {len(cells)} cells in alert"
    return charts.render("fleet_strip", {"cells": drawn}, label=label, scope=scope, params=axis.params())


def _inputs(cells: list[Row]) -> Table:
    rows = []
    for feature, group in groupby(cells, key=lambda cell: cell["feature"]):
        history = list(group)
        latest = history[-1]
        rows.append(
            (
                latest["shade"] if latest["shade"] in ("alert", "warning") else "ok",
                (
                    words.feature_name(feature),
                    words.measured(latest),
                    latest["status"].replace("_", " "),
                    f"{sum(cell['shade'] == 'alert' for cell in history)} of {len(history)}",
                    latest["reason"] or "",
                ),
            )
        )
    return Table(("feature", "latest", "verdict", "columns in alert", "in words"), rows)


def _alerts(rows: list[Row]) -> Table:
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
    return Table(
        ("what", "when", "value", "limit", "now", "why, in words"),
        [_alert(group) for group in together.values()],
    )


def _alert(group: list[Row]) -> tuple[str, tuple[str, ...]]:
    first = group[0]
    what, why = words.subject(first), first["reason"] or ""
    if len(group) > 1:
        what = f"{len(group)} features · {words.subject({**first, 'feature': words.EVERYTHING})}"
        names = [words.feature_name(row["feature"]) for row in group]
        why = f"{', '.join(names)}. {names[0]}: {why}"
    when = (
        f"since {words.day(first['opened_at'])}"
        if first["is_open"]
        else words.period(first["opened_at"], first["resolved_at"])
    )
    limit = "" if first["threshold_value"] is None else words.value(first["threshold_value"], first["metric"])
    return (
        first["severity"] if first["is_open"] else f"{first['severity']} past",
        (
            what,
            when,
            words.value(first["metric_value"], first["metric"]),
            limit,
            "" if first["current_value"] is None else words.value(first["current_value"], first["metric"]),
            why,
        ),
    )


def _findings(rows: list[Row], unit: str) -> Table:
    table = [
        (
            row["worst_status"] if row["is_current"] else f"{row['worst_status']} past",
            (
                words.subject({**row, "segment": words.EVERYTHING}),
                "now" if row["is_current"] else f"until {words.day(row['last_window_end'])}",
                words.counted(row["n_windows"], unit),
                words.value(row["latest_value"], row["metric"]),
                row["latest_reason"] or "",
            ),
        )
        for row in rows
    ]
    return Table(("what", "when", "broken in", "last value", "in words"), table)


def _distributions(bins: list[Row], unit: str, scope: str) -> list[Figure]:
    figures = []
    drawn = (row for row in bins if row["feature_rank"] <= _MOST_DISTRIBUTIONS)
    for rank, group in groupby(drawn, key=lambda row: row["feature_rank"]):
        rows = list(group)
        figures.append(_distribution(rows, unit, f"{scope}-d{rank}"))
    return figures


def _distribution(rows: Sequence[Row], unit: str, scope: str) -> Figure:
    first = rows[0]
    name = words.feature_name(first["feature"])
    when = f"over the {words.over(first['span'], unit)} to {words.day(first['window_end'])}"
    drawn: dict[str, list[dict[str, Any]]] = {"value": [], "strip": []}
    for row in rows:
        drawn[row["part"]].append(_bin(row))
    largest = max(max(bar["window_share"], bar["reference_share"]) for part in drawn.values() for bar in part)
    svg = charts.render(
        "distribution",
        {"values": drawn["value"], "strips": drawn["strip"]},
        label=f"{name}: share of each value in the reference (outline) and {when} (bars)",
        scope=scope,
        params={"largest_share": min(1.0, largest * 1.05) or 1.0},
        views=[view for view, part in (("values", "value"), ("strips", "strip")) if drawn[part]],
    )
    caption = f"PSI {words.value(first['psi'], 'psi')} {when}, n = {words.size(first['sample_size'])}"
    return Figure(name, svg, caption, first["status"])


def _bin(row: Row) -> dict[str, Any]:
    contribution = row["psi_contribution"] or 0.0
    part = contribution / row["psi"] if row["psi"] else 0.0
    weight = (
        "none"
        if row["psi_contribution"] is None
        else "much"
        if part >= 0.25
        else "some"
        if part >= 0.08
        else "little"
    )
    label = words.bin_name(row)
    return {
        "bin_label": label,
        "window_share": row["window_share"] or 0.0,
        "reference_share": row["reference_share"] or 0.0,
        "weight": weight,
        "note": f"{label}: {words.percent(row['window_share'])}, "
        f"in the reference {words.percent(row['reference_share'])}"
        + ("" if row["psi_contribution"] is None else f", adds {contribution:.3f} to the PSI"),
    }


def _calibration(bands: list[Row], scope: str) -> Figure | None:
    if not bands:
        return None
    drawn = [
        {
            **{name: band[name] for name in ("mean_score", "observed_rate", "lower_bound", "upper_bound")},
            **{name: band[name] for name in ("band_start", "band_end", "sample_size")},
            "note": f"scores {words.percent(band['band_start'])} to {words.percent(band['band_end'])}: "
            f"it happened in {words.percent(band['observed_rate'])} "
            f"{words.interval(band['lower_bound'], band['upper_bound'], '_rate')} "
            f"of {words.size(band['sample_size'])}",
        }
        for band in bands
    ]
    first = min(band["first_window_start"] for band in bands)
    last = max(band["last_window_start"] for band in bands)
    caption = (
        f"Labelled predictions of {words.period(first, last)}. "
        "On the dashed line, a score of 30 % means that it happens in 30 % of cases; "
        "above it, the model promises too little. Bars below: how many predictions have such a score."
    )
    svg = charts.render(
        "calibration",
        {"bands": drawn},
        label="Observed rate against mean score, with 95 % intervals",
        scope=f"{scope}-calibration",
    )
    return Figure("Do the scores mean what they say?", svg, caption)


def _estimate(windows: list[Row], unit: str, scope: str) -> Figure | None:
    if not windows:
        return None
    metric, span = windows[0]["metric"], windows[0]["span"]
    drawn = [
        {
            **{name: window[name] for name in ("estimated_value", "lower_bound", "upper_bound", "realised_value")},
            "at": milliseconds(window["window_start"]),
            "note": f"{words.day(window['window_start'])}: {words.value(window['realised_value'], metric)} by the labels, "
            f"{words.value(window['estimated_value'], metric)} "
            f"{words.interval(window['lower_bound'], window['upper_bound'], metric)} by the scores",
        }
        for window in windows
    ]
    caption = (
        f"Dashed: the {words.metric_name(metric)} over {words.over(span, unit)} that the calibrated scores promise, "
        "without labels, with its 95 % band. Solid: what the labels say. "
        "Both move together: other cases came in. The solid line leaves the band: the same cases now end otherwise."
    )
    labelled = [window for window in drawn if window["realised_value"] is not None]
    svg = charts.render(
        "estimate",
        {"windows": drawn, "labelled": labelled},
        label="Estimated and realised performance over time",
        scope=f"{scope}-estimate",
    )
    return Figure("Is it as good as its scores promise?", svg, caption)


def _maturity(ages: list[Row], scope: str) -> Figure | None:
    if not ages:
        return None
    drawn = [
        {
            **{name: age[name] for name in ("label_age", "development_share")},
            "note": f"{words.counted(age['label_age'], 'window')} after the prediction: "
            f"{words.percent(age['development_share'])} of the labels are there",
        }
        for age in ages
    ]
    caption = (
        "Share of the labels that have come, by age, as recent windows developed. "
        f"Windows younger than {words.counted(ages[0]['label_delay'], 'window')} are not judged by their labels."
    )
    svg = charts.render("maturity", {"ages": drawn}, label="How fast labels arrive", scope=f"{scope}-maturity")
    return Figure("How late do the labels come?", svg, caption)


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
    if row["serving_version"]:
        facts.append(f"latest version in the log: {row['serving_version']}")
    return facts
