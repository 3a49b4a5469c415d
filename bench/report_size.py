"""The report at its largest: 100 monitors, 200 features, 365 windows; its size, and how fast a browser shows it.

    python -m bench.report_size [MONITORS FEATURES WINDOWS]

The rows of the report views are generated into a DuckDB file, the page is written by the real writer and looked at in headless Chromium, without a
network. An interaction ends with the frame after the one that shows the page asked for.
"""

# ruff: noqa: E501, S608 - tables of a line per column; numbers and names of this file are put into SQL

import sys
import tempfile
from datetime import datetime
from pathlib import Path
from statistics import median
from time import monotonic

import duckdb
from playwright.sync_api import Page, sync_playwright

from ml_monitor.report import write_report
from ml_monitor.report.rows import VIEWS
from ml_monitor.warehouse import Warehouse

NOW = datetime(2026, 1, 1)
FIRST = "timestamp '2025-01-01'"
BINS = 10
CHROMIUM = "/usr/bin/chromium"
ALL = "'__all__' as segment, '__all__' as segment_value"
# A feature drifts now and then, all features wander: values that do not compress better than real ones.
DRIFT = "0.02 + 0.02 * random() + case when (m * 7 + f * 13 + floor(w / 30)) % 23 = 0 then 0.3 * random() else 0 end"

TABLES = {
    "rpt_headline": f"""
        select 'model_' || m as monitor, 'What the model answers' as description, 'binary' as task, 'team' as owner, 'day' as window_unit, 100 as min_rows,
            'edges' as edge_set_id, {{features}} as n_features, {{windows}} as n_windows, {FIRST} as first_window_start,
            {FIRST} + interval ({{windows}}) day as last_window_end, m % 3 as n_open_alerts, m % 2 as n_open_warnings, 'v1' as champion_version,
            {FIRST} as champion_since, 'register' as champion_action, 'first' as champion_reason, 'v1' as serving_version, 'roc_auc' as metric, 30 as span,
            {FIRST} + interval ({{windows}}) day as metric_window_end, 0.7 as metric_value, 0.68 as lower_bound, 0.72 as upper_bound, 5000 as sample_size,
            0.9 as label_coverage, 'ok' as metric_status, true as is_settled, 'below' as direction, 0.64 as warn_threshold, 0.62 as alert_threshold,
            0.05 as detectable_psi, 0.22 as detectable_sigma
        from range({{monitors}}) as monitors(m)""",
    "rpt_fleet": f"""
        select 'model_' || m as monitor, lane, {FIRST} + interval (w) day as column_start, {FIRST} + interval (w + 1) day as column_end,
            case when random() < 0.03 then 'alert' when random() < 0.1 then 'warning' else 'ok' end as worst_status, 1 as n_alert, 2 as n_warning,
            200 as n_verdicts, 'PSI of feature_1 is 0.31, above 0.25' as worst_reason
        from range({{monitors}}) as monitors(m), range({{windows}}) as windows(w), (values ('inputs'), ('data'), ('performance')) as lanes(lane)""",
    "rpt_input_heatmap": f"""
        select monitor, feature, feature_rank, column_start, column_start + interval 1 day as column_end, 'psi' as metric, 7 as span, metric_value,
            5000 as sample_size, 0.1 as warn_threshold, 0.25 as alert_threshold, case when metric_value > 0.25 then 'alert' when metric_value > 0.1 then 'warning'
            else 'ok' end as status, case when metric_value > 0.25 then 'alert' when metric_value > 0.1 then 'warning' when metric_value > 0.03 then 'moving'
            else 'still' end as shade, 'PSI of ' || feature || ' over 7 days' as reason, null::text as quality_metric, null::double as quality_value,
            case when random() < 0.002 then 'alert' end as quality_status, null::text as quality_reason
        from (select 'model_' || m as monitor, 'feature_' || f as feature, f + 1 as feature_rank, {FIRST} + interval (w) day as column_start, {DRIFT} as metric_value
            from range({{monitors}}) as monitors(m), range({{features}}) as features(f), range({{windows}}) as windows(w))""",
    "rpt_distribution": f"""
        select 'model_' || m as monitor, 'feature_' || f as feature, 'numeric' as feature_type, f + 1 as feature_rank,
            {FIRST} + interval ({{windows}}) day as window_end, 7 as span, 0.2 as psi, 5000 as sample_size, 'ok' as status, 'value' as part,
            'from ' || (b * 0.731 + f) || ' to ' || (b * 0.731 + f + 0.731) as bin_label, 'interval' as bin_kind, b + 1 as bin_order, 1 as n_bins,
            0.1 as reference_share, 0.06 + 0.08 * random() as window_share, 0.02 * random() as psi_contribution
        from range({{monitors}}) as monitors(m), range({{features}}) as features(f), range({BINS}) as bins(b)""",
    "rpt_bin_history": f"""
        select 'model_' || m as monitor, 'feature_' || f as feature, b as bin, 'from ' || (b * 0.731 + f) || ' to ' || (b * 0.731 + f + 0.731) as bin_label,
            'interval' as bin_kind, 7 as span, {FIRST} + interval ({{windows}} - 1 - w * ceil({{windows}} / 60.0)::int) day as window_start,
            {FIRST} + interval ({{windows}} - w * ceil({{windows}} / 60.0)::int) day as window_end, 0.1 as reference_share, 0.06 + 0.08 * random() as window_share
        from range({{monitors}}) as monitors(m), range({{features}}) as features(f), range({BINS}) as bins(b),
            range((({{windows}} - 1) // ceil({{windows}} / 60.0) + 1)::bigint) as windows(w)""",
    "rpt_performance": f"""
        select 'model_' || m as monitor, 'roc_auc' as metric, 'probability' as unit, 30 as span, {FIRST} + interval (w) day as window_start,
            {FIRST} + interval (w + 1) day as window_end, 0.7 + 0.02 * random() as metric_value, 0.68 as lower_bound, 0.74 as upper_bound, 5000 as sample_size,
            0.9 as label_coverage, 'ok' as status, w < {{windows}} - 5 as is_settled, 'ok' as reason, 'below' as direction, 0.64 as warn_threshold,
            0.62 as alert_threshold
        from range({{monitors}}) as monitors(m), range({{windows}}) as windows(w)""",
    "rpt_performance_now": f"""
        select 'model_' || m as monitor, 'region' as segment, 'region_' || s as segment_value, {FIRST} + interval ({{windows}}) day as window_end, 30 as span,
            'roc_auc' as metric, 'probability' as unit, 'below' as direction, 0.6 + s * 0.005 as metric_value, 0.55 as lower_bound, 0.75 as upper_bound,
            500 as sample_size, 0.9 as label_coverage, 0.7 as overall_value, 'ok' as status, 'ok' as reason, 0.1 as gap, s + 1 as worst_rank
        from range({{monitors}}) as monitors(m), range(20) as segments(s)""",
    "rpt_reference_level": f"""
        select 'model_0' as monitor, {FIRST} as starts_at, null::timestamp as ends_at, 'v1' as model_version, 'roc_auc' as metric, 0.72 as reference_value,
            900 as sample_size""",
    "rpt_timeline": f"""
        select 'model_' || m as monitor, 'alert' as item_kind, 'i' || i as item_id, i + 1 as subject_rank, 'psi' as metric, 'feature_' || i as feature, {ALL},
            {FIRST} + interval (i * 9) day as starts_at, {FIRST} + interval (i * 9 + 12) day as ends_at, 'alert' as outcome, null::text as model_version,
            'PSI is 0.31, above 0.25' as detail
        from range({{monitors}}) as monitors(m), range(30) as items(i)""",
    "rpt_alerts": f"""
        select 'model_' || m as monitor, 'i' || i as incident_id, 'k' || i as alert_key, 'drift' as family, 'psi' as metric, 'feature_' || i as feature, {ALL},
            '__all__' as model_version, 7 as span, 'alert' as severity, i < 2 as is_open, {FIRST} + interval (i * 9) day as opened_at,
            case when i >= 2 then {FIRST} + interval (i * 9 + 12) day end as resolved_at, 0.31 as metric_value, 0.25 as threshold_value,
            'PSI of feature_' || i || ' is 0.31, above 0.25' as reason, 0.31 as current_value, 'team' as owner, 2 as n_events
        from range({{monitors}}) as monitors(m), range(30) as items(i)""",
    "rpt_cutoffs": """
        select 'model_' || m as monitor, '__all__' as class, 1 as class_rank, (100 - c) / 100.0 as cutoff, c as true_positives, c * 2 as false_positives, 100 - c as false_negatives,
            200 - c * 2 as true_negatives, sqrt(c / 100.0) as recall, c / 100.0 as false_positive_rate, 0.5 as precision_at_cutoff
        from range({monitors}) as monitors(m), range(1, 101) as cutoffs(c)""",
    "rpt_calibration": f"""
        select 'model_' || m as monitor, b as band, b / 10.0 as band_start, (b + 1) / 10.0 as band_end, {FIRST} as first_window_start,
            {FIRST} as last_window_start, 500 as sample_size, b / 10.0 + 0.05 as mean_score, b / 10.0 + 0.04 as observed_rate, b / 10.0 as lower_bound,
            b / 10.0 + 0.08 as upper_bound
        from range({{monitors}}) as monitors(m), range(10) as bands(b)""",
    "metrics": "select 'psi' as metric, 'drift' as family, 'nats' as unit, 'above' as direction, 'sum' as formula, null::text as description",
    "label_maturity": f"""
        select 'model_' || m as monitor, {FIRST} + interval ({{windows}} - 60 + w) day as window_start, a as label_age, 1 - exp(-a / 5.0) as label_coverage
        from range({{monitors}}) as monitors(m), range(60) as windows(w), range(30) as ages(a) where w + a < 60""",
}
GO = """async (hash) => {
    const root = document.documentElement, begun = performance.now();
    const frame = () => new Promise(requestAnimationFrame);
    if (hash.startsWith("#/")) await new Promise((done, fail) => {
        // Not asked frame by frame: each would have the browser paint what is about to go.
        const observer = new MutationObserver(() => { if (root.dataset.shown === hash) { observer.disconnect(); done(); } });
        observer.observe(root, { attributes: true });
        setTimeout(fail, 2e4, new Error(`${hash} was not shown`));
        location.hash = hash;
    }); else document.querySelector(hash).dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
    await frame(); await frame();
    return performance.now() - begun;
}"""
SHOW_ALL = """async () => {
    const begun = performance.now();
    document.querySelector("#page button").click();
    await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
    return performance.now() - begun;
}"""


def generate(path: Path, monitors: int, features: int, windows: int) -> None:
    """The report views, as tables."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema ml_monitor")
        for name, query in TABLES.items():
            sized = query.format(monitors=monitors, features=features, windows=windows)
            connection.execute(f'create table ml_monitor."ml_monitor__{name}" as {sized}')
        for name in VIEWS.keys() - TABLES.keys():
            connection.execute(f'create table ml_monitor."ml_monitor__{name}" (monitor text, {_columns(VIEWS[name])})')


def _columns(order: str) -> str:
    return ", ".join(f"{column.split()[0]} text" for column in order.split(", ") if column != "monitor")


def look(page: Page, report: Path, monitors: int, features: int) -> dict[str, float]:
    """Milliseconds until the first paint, of each kind of interaction the median of some, and of all of them the slowest."""
    page.goto(report.resolve().as_uri(), wait_until="commit")
    # Not wait_for_function(), which evaluates inside the page: its policy forbids that.
    while not page.evaluate("performance.getEntriesByName('first-contentful-paint').length"):
        page.wait_for_timeout(20)
    figures = {"first paint": page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")}
    page.wait_for_load_state("load")
    figures["all parsed"] = page.evaluate("performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart")
    # Who opens a monitor has looked for it in the list.
    page.wait_for_timeout(1000)
    name = f"#/monitor/model_{monitors // 2}"
    steps = {
        "monitor, unpacked for the first time": [f"#/monitor/model_{number}" for number in range(1, min(8, monitors))],
        "feature": [f"{name}/feature/feature_{number}" for number in range(0, features, max(1, features // 8))],
        "bin": [f"{name}/feature/feature_1/bin/{number}" for number in range(5)],
        "performance page": [f"#/monitor/model_{number}/performance" for number in range(1, min(6, monitors))],
        "all monitors": ["#/"],
    }
    took = {step: [page.evaluate(GO, each) for each in hashes] for step, hashes in steps.items()}
    page.evaluate(GO, name)
    took["arrow key in the heat map"] = [page.evaluate(GO, "#page canvas") for _ in range(5)]
    button = page.locator("#page button").first
    if button.count():
        took[f"all {features} features"] = [page.evaluate(SHOW_ALL)]
    figures |= {step: median(all_of_them) for step, all_of_them in took.items()}
    figures["slowest"] = max(max(all_of_them) for all_of_them in took.values())
    return figures


def measure(monitors: int = 100, features: int = 200, windows: int = 365) -> dict[str, float]:
    """Seconds to write the report, its megabytes, and the milliseconds of `look`."""
    with tempfile.TemporaryDirectory() as directory:
        database, report = Path(directory) / "warehouse.duckdb", Path(directory) / "report.html"
        generate(database, monitors, features, windows)
        begun = monotonic()
        write_report(Warehouse(f"duckdb:///{database}"), report, now=NOW)
        written = {"written, s": monotonic() - begun, "MB": report.stat().st_size / 1e6}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_context(offline=True, viewport={"width": 1280, "height": 900}).new_page()
            page.on("pageerror", lambda error: print(f"error in the page: {error}"))
            seen = look(page, report, monitors, features)
            browser.close()
    return written | seen


def main(*size: int) -> None:
    """Print the figures."""
    for step, figure in measure(*size).items():
        print(f"{figure:10.1f}  {step}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
