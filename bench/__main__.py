"""Run every benchmark and write docs/performance.md and its chart."""

import argparse
import os
import tempfile
from pathlib import Path

import altair as alt
import pandas as pd
from rich.console import Console

from bench import full_year, wide, wide_log
from bench.cost import Cost
from bench.peers import environments

REPOSITORY = Path(__file__).parent.parent
PAGE = """# Performance

Measured by `make bench` on {cores} cores, everything in one run; times vary with the machine, so compare the rows.

## A year of flights

All flights of 2013 and the demo's two monitors (27 features, daily windows, spans of 1, 7 and 30 days, segments by
origin), whole `dbt build` with its tests and snapshots, dbt's own start-up and parsing included:

{year}

Cost follows new rows: the log is read once for the windows that changed, everything else comes from the profiles, and
metrics are computed again only for windows whose profile changed. A build with nothing new is dbt's own overhead.

## Against other tools

A generated log with 70 features (50 numeric, 20 categorical), 30 daily windows, a reference of 250,000 rows. Every process
counts from its start. Ours is the whole `dbt build` with all drift, quality and volume metrics, spans of 1 and 7 days,
verdicts, alerts and tests; the others compute their drift metric only: Evidently PSI in one report of *one* day, NannyML the
Jensen-Shannon distance of thirty chunks, whylogs profiles and drift scores of thirty days, popmon its stability metrics of
thirty days, numpy a hand-written PSI of thirty days in memory.

![CPU seconds](performance.svg)

{peers}

{missing}"""


def table(costs: dict[str, Cost], base: str | None = None) -> str:
    """Costs as a Markdown table, with their ratio to one of them."""
    head = "| | wall s | CPU s | peak MB |" + (" CPU, ours = 1 |" if base else "")
    lines = [head, "|---" * head.count("|")]
    lines[1] = "|" + "---|" * (head.count("|") - 1)
    for name, cost in costs.items():
        line = f"| {name} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.peak_mb:,.0f} |"
        lines.append(line + (f" {cost.cpu / costs[base].cpu:.2f} |" if base else ""))
    return "\n".join(lines)


def against_peers(rows: int, cache: Path, console: Console) -> tuple[dict[str, Cost], list[str]]:
    """Ours and the peers on a log of so many rows; what failed, in words."""
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        data.mkdir()
        wide_log.write(data, rows)
        costs, failures = wide.measure(Path(directory) / "project", data), []
        for peer in environments.REQUIREMENTS if rows <= environments.MOST_ROWS else ():
            console.print(f"{rows:,} rows: {peer}")
            try:
                costs[environments.NAMES[peer]] = environments.measure(peer, cache, data)
            except Exception as error:
                failures.append(f"{environments.NAMES[peer]} did not run on {rows:,} rows: {error}")
    return costs, failures


def chart(costs: dict[int, dict[str, Cost]], path: Path) -> None:
    """CPU seconds by tool and size."""
    points = pd.DataFrame(
        [
            {"tool": tool, "rows": f"{rows:,} rows", "CPU s": cost.cpu}
            for rows, tools in costs.items()
            for tool, cost in tools.items()
        ]
    )
    bars = (
        alt.Chart(points, width=420)
        .mark_bar()
        .encode(
            x=alt.X("CPU s", scale=alt.Scale(type="symlog")),
            y=alt.Y("tool", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
            color=alt.condition(
                alt.expr.test(alt.expr.regexp("^ours"), alt.datum.tool), alt.value("#2563a8"), alt.value("#a9b1ba")
            ),
            row=alt.Row("rows", title=None, sort=None),
        )
    )
    bars.save(path)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    arguments = parser.parse_args()
    console, cache = Console(), REPOSITORY / ".bench"
    with tempfile.TemporaryDirectory() as directory:
        console.print("the year of flights")
        year = full_year.measure(Path(directory))
    wide_costs, failures = {}, []
    for rows in arguments.rows:
        console.print(f"{rows:,} rows: ours")
        wide_costs[rows], failed = against_peers(rows, cache, console)
        failures += failed
    chart(wide_costs, REPOSITORY / "docs" / "performance.svg")
    peers = "\n\n".join(f"### {rows:,} rows\n\n{table(costs, wide.BUILD)}" for rows, costs in wide_costs.items())
    page = PAGE.format(cores=os.cpu_count(), year=table(year), peers=peers, missing="".join(f"{line}\n" for line in failures))
    (REPOSITORY / "docs" / "performance.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
