"""Run every benchmark and write docs/performance.md."""

import os
import tempfile
from pathlib import Path

from bench.full_year import REPOSITORY, measure

PAGE = """# Performance

Measured by `make bench` on {cores} cores; times vary with the machine, so compare the rows.

All flights of 2013 and the demo's two monitors (27 features, daily windows, spans of 1, 7 and 30 days, segments by
origin), whole `dbt build` with its tests and snapshots, dbt's own start-up and parsing included:

| | wall s | CPU s | peak MB |
|---|---|---|---|
{rows}

Cost follows new rows: the log is read once for the windows that changed, everything else comes from the profiles, and
metrics are computed again only for windows whose profile changed. A build with nothing new is dbt's own overhead.
"""


def main() -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory() as directory:
        costs = measure(Path(directory))
    rows = "\n".join(f"| {name} | {c.wall:.1f} | {c.cpu:.1f} | {c.peak_mb:,.0f} |" for name, c in costs.items())
    page = PAGE.format(cores=os.cpu_count(), rows=rows)
    (REPOSITORY / "docs" / "performance.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
