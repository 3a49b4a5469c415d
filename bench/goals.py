"""The headline goals: what each needs measured, its figure, and whether it is met."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bench import wide
from bench.peers import environments

Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Goal:
    """One line of the table.

    Args:
        what: The goal in words, its limit included.
        pieces: Of the benchmark that it needs: `python -m bench --only <piece>` measures each.
        figure: The figure in words and whether the goal is met, from the results of the pieces.
        why: What is behind a figure that misses the goal.
    """

    what: str
    pieces: tuple[str, ...]
    figure: Callable[[Results], tuple[str, bool]]
    why: str = ""


def _cpu(results: Results, piece: str, name: str) -> float:
    return float(results[piece][name]["cpu"])


def _times(ours: str, theirs: str, least: float, multiple: int = 1) -> Callable[[Results], tuple[str, bool]]:
    """A peer's CPU seconds, so many times, against ours, on a million rows."""

    def figure(results: Results) -> tuple[str, bool]:
        own = _cpu(results, "wide-1000000", ours)
        other = multiple * _cpu(results, f"{theirs}-1000000", environments.NAMES[theirs])
        return f"{other / own:.1f} × ({own:.1f} against {other:.1f} CPU s)", other / own >= least

    return figure


def _history(results: Results) -> tuple[str, bool]:
    sizes = {"100k": 100_000, "1M": 1_000_000, "10M": 10_000_000}
    own = {name: _cpu(results, f"wide-{rows}", wide.NEXT_DAY) for name, rows in sizes.items()}
    theirs = {name: _cpu(results, f"numpy_psi-{rows}", environments.NAMES["numpy_psi"]) for name, rows in sizes.items()}
    ratios = [theirs[name] / own[name] for name in sizes]
    words = [
        f"{ratio:.2f} × at {name} rows ({own[name]:.1f} against {theirs[name]:.1f} CPU s)"
        for name, ratio in zip(sizes, ratios, strict=True)
    ]
    return ", ".join(words), ratios[1] > 1 and ratios == sorted(ratios)


def _year(build: str, limit: float) -> Callable[[Results], tuple[str, bool]]:
    """Seconds and memory of a build, beside those of one with nothing new: what dbt does itself."""

    def figure(results: Results) -> tuple[str, bool]:
        measured = next(cost for name, cost in results["year"].items() if name.startswith(build))
        idle = results["year"]["nothing new"]["wall"]
        alone = [cost["wall"] for name, cost in results["year"].items() if name.startswith("dbt alone")]
        less = [cost["wall"] for name, cost in results["year"].items() if name.startswith(f"{build} more, without")]
        words = f"{measured['wall']:.0f} s, {measured['peak_mb']:,.0f} MB; with nothing new {idle:.0f} s"
        words += "".join(f"; without views and the package's tests {wall:.0f} s" for wall in less)
        words += "".join(f"; dbt alone, for as many nodes that select one row: {wall:.0f} s" for wall in alone)
        return words, measured["wall"] <= limit and measured["peak_mb"] <= 2048

    return figure


def _pass(results: Results) -> tuple[str, bool]:
    measured = results["pass"]
    ratio = measured["profile"]["cpu"] / measured["scan"]["cpu"]
    return f"{ratio:.1f} × ({measured['profile']['cpu']:.1f} against {measured['scan']['cpu']:.1f} CPU s)", ratio <= 10


def _day(results: Results) -> tuple[str, bool]:
    short, long = (results["history"][f"{days} days"] for days in (30, 365))
    flat = abs(long / short - 1) <= 0.1
    return f"{short:.2f} s after 30 days, {long:.2f} s after 365", max(short, long) <= 1 and flat


def _marts(results: Results) -> tuple[str, bool]:
    measured = results["marts"]
    return f"{measured['seconds']:.1f} s for {measured['values']:,} values", measured["seconds"] <= 3


def _memory(results: Results) -> tuple[str, bool]:
    measured = results["memory"]
    return f"{measured['rows']:,} rows: {measured['outcome']}", measured["rows"] >= 50_000_000 and measured["outcome"].startswith(
        "finished"
    )


def _nodes(results: Results) -> tuple[str, bool]:
    measured = results["nodes"]
    return f"{measured['per monitor']:g} per monitor and {measured['fixed']:g} fixed", measured["per monitor"] <= 3


def _overhead(results: Results) -> tuple[str, bool]:
    measured = results["nodes"]
    return f"{measured['seconds per monitor']:.2f} s ({measured['monitors']} monitors, nothing new)", measured[
        "seconds per monitor"
    ] <= 0.3


def _features(results: Results) -> tuple[str, bool]:
    sizes = {int(count): measured for count, measured in results["features"].items()}
    few, usual, many = sorted(sizes)
    slope = (sizes[many]["bytes"] - sizes[few]["bytes"]) / (many - few)
    growth = sizes[many]["cpu"] / sizes[usual]["cpu"]
    return (
        f"up to {many:,}: {slope / 1024:.2f} KB of SQL per feature; {many / usual:.0f} times the features from {usual} on, "
        f"{growth:.1f} times the CPU",
        many >= 1000 and slope <= 1024 and growth <= 1.1 * many / usual,
    )


def _auc(results: Results) -> tuple[str, bool]:
    measured = results["labels"]
    return (
        f"{measured['profile']['cpu']:.1f} CPU s from rows, {measured['performance']['cpu']:.2f} s from profiles",
        measured["profile"]["cpu"] <= 5 and measured["performance"]["cpu"] <= 0.1,
    )


def _labels(results: Results) -> tuple[str, bool]:
    measured = results["labels"]
    short, long = measured["one day, 1M rows of history"], measured["one day, 10M rows of history"]
    return f"{short:.2f} s after 1M rows, {long:.2f} s after 10M", long <= 1.25 * short


def _postgres(results: Results) -> tuple[str, bool]:
    measured = results["postgres"]
    return f"{measured['next day']:.1f} s of statements (first build {measured['build']:.0f} s)", measured["next day"] <= 1


def _report(results: Results) -> tuple[str, bool]:
    measured = results["report"]
    others = ("written, s", "MB", "first paint", "all parsed", "slowest")
    usual = max(took for step, took in measured.items() if step not in others)
    words = f"{measured['MB']:.1f} MB, first paint {measured['first paint']:.0f} ms, medians of each kind of interaction"
    return f"{words} up to {usual:.0f} ms, the slowest of all {measured['slowest']:.0f} ms", (
        measured["MB"] <= 30 and measured["first paint"] <= 1000 and usual <= 100
    )


BUILD, NEXT_DAY = wide.BUILD, wide.NEXT_DAY
BINS = "each value is looked up in its bin, and counted and summed by day, version, feature and bin"
NODES = "dbt starts, renders and logs its nodes, and the warehouse plans their statements; the new rows are the smallest part"
ALL = "ours is everything from one monitor's 32 drift metrics to verdicts, alerts, tests and dbt itself, theirs one metric"
PLANS = "the reference, frozen, and the profile of the day are the largest part: planning statements of 70 features"
MARTS = "drift, data quality and the contributions of bins are most of it"
HISTORY = "rows are counted, and new labels looked up, in the whole log; 302 windows have metrics instead of 32"
MANY = (
    "a feature has ten edges, moments, bounds and missing values of its own; planned in parts of 80, of which one optimiser pass"
    " of DuckDB still sees all"
)
SERVER = "more than a third is the profile of the day, the rest are some 170 statements"
ROWS = "the same pass sums what every other metric of performance needs"
GOALS = (
    Goal(
        "a year of flights and two monitors in one `dbt build`: ≤ 30 s, ≤ 2 GB",
        ("year",),
        _year("first build", 30),
        "two thirds are the SQL of performance (exact AUC of three spans, four segments, two versions), drift (32 metrics) and"
        " profiles, a third is dbt with its nodes",
    ),
    Goal("one day more of it: ≤ 10 s, ≤ 2 GB", ("year",), _year("one day", 10), NODES),
    Goal(
        "1M × 70, 30 windows, whole `dbt build` against Evidently's thirty reports: ≥ 50 × cheaper (CPU)",
        ("wide-1000000", "evidently_report-1000000"),
        _times(BUILD, "evidently_report", 50, 30),
        ALL,
    ),
    Goal(
        "the same against *one* Evidently report of one 33k window: cheaper",
        ("wide-1000000", "evidently_report-1000000"),
        _times(BUILD, "evidently_report", 1),
        ALL,
    ),
    Goal(
        "the same against NannyML with daily chunks: ≥ 3 × cheaper",
        ("wide-1000000", "nannyml_drift-1000000"),
        _times(BUILD, "nannyml_drift", 3),
        ALL,
    ),
    Goal(
        "the next day against NannyML over the log: ≥ 20 × cheaper",
        ("wide-1000000", "nannyml_drift-1000000"),
        _times(NEXT_DAY, "nannyml_drift", 20),
        NODES,
    ),
    Goal(
        "the next day against pandas and numpy by hand over the log: cheaper, and more so with more history",
        ("wide-100000", "wide-1000000", "wide-10000000", "numpy_psi-100000", "numpy_psi-1000000", "numpy_psi-10000000"),
        _history,
        NODES,
    ),
    Goal(
        "raw-log pass (profiles with moments) against the scan of the same columns, 10M rows: ≤ 10 × (CPU)",
        ("pass",),
        _pass,
        BINS,
    ),
    Goal("one day of 33k rows more: ≤ 1 s of the warehouse, flat (± 10 %) from 30 to 365 days", ("history",), _day, PLANS),
    Goal("metrics, verdicts and alerts over 365 days × 70 features × 3 versions from profiles: ≤ 3 s", ("marts",), _marts, MARTS),
    Goal("50M rows with `memory_limit` 2 GB: finishes", ("memory",), _memory),
    Goal("dbt nodes: ≤ 3 per monitor and a fixed number", ("nodes",), _nodes),
    Goal("dbt's own time per monitor: ≤ 0.3 s", ("nodes",), _overhead, "contexts, templates and logs of its three models"),
    Goal("features 10 → 1,000: linear, ≤ 1 KB of generated SQL per feature", ("features",), _features, MANY),
    Goal("exact AUC and calibration by day, 10M labelled rows: ≤ 5 CPU s; from profiles ≤ 0.1 s", ("labels",), _auc, ROWS),
    Goal("10M predictions with labels, one day added: the cost follows the new labels", ("labels",), _labels, HISTORY),
    Goal("PostgreSQL, 1M × 70, one day added: ≤ 1 s of the database", ("postgres",), _postgres, SERVER),
    Goal(
        "report of 100 monitors × 200 features × 365 windows: ≤ 30 MB, first paint ≤ 1 s, interaction ≤ 100 ms",
        ("report",),
        _report,
        "a monitor is unpacked when it is first asked for",
    ),
)


def table(results: Results, disturbed: Collection[str] = ()) -> str:
    """The goals as a Markdown table; what was not measured says so, and so does what was measured on a busy machine."""
    lines = ["| goal | figure | | measured by |", "|---|---|---|---|"]
    for goal in GOALS:
        command = "`python -m bench --only " + " ".join(goal.pieces) + "`"
        if any(piece not in results for piece in goal.pieces):
            lines.append(f"| {goal.what} | not measured | | {command} |")
            continue
        figure, met = goal.figure(results)
        figure += " †" if any(piece in disturbed for piece in goal.pieces) else ""
        outcome = "met" if met else f"**missed**: {goal.why}" if goal.why else "**missed**"
        lines.append(f"| {goal.what} | {figure} | {outcome} | {command} |")
    return "\n".join(lines)
