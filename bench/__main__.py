"""Run the benchmark, or pieces of it, and write docs/performance.md and its chart from what was measured last."""

import argparse
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import altair as alt
import pandas as pd
from rich.console import Console

from bench import goals, pieces, wide
from bench.cost import Cost
from bench.peers import environments

REPOSITORY = Path(__file__).parent.parent
# What was measured last, so that one piece can be measured again and the page be written from all.
RESULTS = Path(__file__).parent / "results.json"
DISTURBED = "\n† measured while other programs filled the machine, at different times: to be measured again.\n"
PAGE = """# Performance

Measured by `make bench` on {cores} cores, every process on its own; times vary with the machine, so compare
CPU seconds with each other. `python -m bench --only <piece>` measures one piece again, `python -m bench --rows 1000000`
one size.

## Headline goals

{goals}
{disturbed}
The statements of many features are planned in parts of at most 80 of them: for 200 features that takes DuckDB 6.5 and 8.6
instead of 10.7 and 13.5 CPU seconds (profile and reference). One of its optimiser passes sees all parts at once and still
grows faster than they do.

`memory` is the first `dbt run` on 50 million rows with a reference of 12 million; the peak is of the whole process, dbt included.

`history` keeps days further back at a tenth of their rows, so that a year of them fits; of those only the times are counted.
Every interaction with the report is measured several times, from the call to the frame that shows it, a second after the
page has loaded.

## A year of flights

All flights of 2013 and the demo's two monitors (27 features, daily windows, spans of 1, 7 and 30 days, segments by
origin), whole `dbt build` with its tests and snapshots, dbt's own start-up and parsing included:

{year}

Cost follows new rows: the log is read once for the windows that changed, everything else comes from the profiles, and
metrics are computed again only for windows whose profile changed. A build with nothing new is what dbt does for each of
its nodes (contexts, templates, logs; `DBT_LOG_LEVEL_FILE=info` saves three seconds of it) and, a third of it, some 800
statements of DuckDB that find nothing to do.

## Against other tools

A generated log with 70 features (50 numeric, 20 categorical), 30 daily windows, a reference of 250,000 rows. Every process
counts from its start. Ours is the whole `dbt build` with all drift, quality and volume metrics, spans of 1 and 7 days,
verdicts, alerts and tests; the others compute their drift metric only: Evidently PSI in one report of *one* day, NannyML the
Jensen-Shannon distance of thirty chunks, whylogs profiles and drift scores of thirty days, popmon its stability metrics of
thirty days, numpy a hand-written PSI of thirty days in memory. NannyML and popmon, which hold the thirty days in memory, are
left out at ten million rows, and whylogs is for its time.

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
                alt.expr.indexof(alt.datum.tool, "ours") == 0, alt.value("#2563a8"), alt.value("#a9b1ba")
            ),
            row=alt.Row("rows", title=None, sort=None),
        )
    )
    bars.save(path)


def page(kept: pieces.Kept, failures: list[str]) -> tuple[str, dict[int, dict[str, Cost]]]:
    """docs/performance.md from what was measured, and the costs by size for the chart."""
    sizes: dict[int, dict[str, Cost]] = {}
    results = kept.results
    for rows in pieces.SIZES:
        if f"wide-{rows}" in results:
            found = dict(results[f"wide-{rows}"])
            for peer in environments.REQUIREMENTS:
                found |= results.get(f"{peer}-{rows}", {})
            sizes[rows] = {name: Cost(**cost) for name, cost in found.items()}
    year = {name: Cost(**cost) for name, cost in results.get("year", {}).items()}
    peers = "\n\n".join(f"### {rows:,} rows{busy(rows, kept)}\n\n{table(costs, wide.BUILD)}" for rows, costs in sizes.items())
    text = PAGE.format(
        cores=os.cpu_count(),
        year=table(year),
        peers=peers,
        goals=goals.table(results, kept.disturbed),
        disturbed=DISTURBED if kept.disturbed else "",
        missing="".join(f"{line}\n" for line in failures),
    )
    return text.rstrip("\n") + "\n", sizes


def busy(rows: int, kept: pieces.Kept) -> str:
    """A mark for a size of which a piece was disturbed."""
    return " †" if any(piece.endswith(f"-{rows}") for piece in kept.disturbed) else ""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--rows", type=int, nargs="+", default=pieces.SIZES, help="sizes of the log that ours and the other tools read"
    )
    parser.add_argument("--only", nargs="+", help="pieces to measure: wide-<rows>, <peer>-<rows>, " + ", ".join(pieces.PIECES))
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page from what is kept")
    arguments = parser.parse_args()
    console, cache = Console(), REPOSITORY / ".bench"
    kept, failures = pieces.Kept(RESULTS), []
    wanted = [] if arguments.page else arguments.only or everything(arguments.rows)
    for piece in wanted:
        console.print(piece)
        try:
            kept.add(piece, pieces.measure(piece, cache))
        except (subprocess.CalledProcessError, LookupError) as error:
            failures.append(f"{piece} did not run: {error}")
    text, sizes = page(kept, failures)
    if sizes:
        chart(sizes, REPOSITORY / "docs" / "performance.svg")
    (REPOSITORY / "docs" / "performance.md").write_text(text)
    print(text)


def everything(rows: Sequence[int]) -> list[str]:
    """All pieces; the other tools hold the log in memory, so not of every size."""
    found = [f"wide-{size}" for size in rows]
    found += [f"{peer}-{size}" for size in rows for peer in environments.REQUIREMENTS if size <= environments.MOST_ROWS[peer]]
    return ["year", *found, *(piece for piece in pieces.PIECES if piece != "year")]


if __name__ == "__main__":
    main()
