"""Which tests one process runs: those that share a built warehouse stay together, and what takes longest begins first."""

import pytest
from xdist.scheduler import LoadScopeScheduling

# Their session fixtures build a warehouse, which each process would build for itself.
SHARED = ("dagster", "live", "audit", "bi")
# One process has one JVM for all of them: it keeps its 6 GB, and three are more than a small machine has.
SPARK = tuple(f"conformance/test_{name}.py" for name in ("spark_families", "spark", "references", "multivariate", "time_zones"))
# Minutes each: at the end the other processes would wait for them.
LONGEST = (
    "dialects/test_dialects.py",
    "orchestrators/test_airflow.py",
    "conformance/test_flights.py",
    "integration/test_alert_actions.py",
    "integration/test_custom_metrics.py",
    "conformance/test_exact.py",
    "docs/test_tutorial.py",
    "integration/test_empty_logs.py",
    "conformance/test_flight_events.py",
)


def group_of(nodeid: str) -> str:
    """Name of the group of a test: its directory where that shares a warehouse, `spark`, otherwise its file."""
    file = nodeid.split("::", 1)[0].removeprefix("tests/")
    if file in SPARK:
        return "spark"
    directory = file.split("/", 1)[0]
    return directory if directory in SHARED else file


def longest_first(items: list[pytest.Item]) -> None:
    """Put the groups that take longest first; the others stay as they are."""
    first = {name: place for place, name in enumerate(("spark", *SHARED, *LONGEST))}
    items.sort(key=lambda item: first.get(group_of(item.nodeid), len(first)))


class GroupScheduling(LoadScopeScheduling):
    """Hands a whole group to a process."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
