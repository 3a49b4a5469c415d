"""Which tests one process runs: those that share a built warehouse stay together, and what takes longest begins first."""

import pytest
from xdist.scheduler import LoadScopeScheduling

# Their session fixtures build a warehouse, which each process would build for itself.
SHARED = ("dagster", "live", "audit", "bi")
# Minutes each: at the end the other processes would wait for them.
LONGEST = (
    "dialects/test_dialects.py",
    "orchestrators/test_airflow.py",
    "conformance/test_flights.py",
    "conformance/test_spark_families.py",
    "conformance/test_spark.py",
    "integration/test_alert_actions.py",
    "integration/test_custom_metrics.py",
    "conformance/test_multivariate.py",
    "conformance/test_references.py",
    "conformance/test_time_zones.py",
    "conformance/test_exact.py",
    "docs/test_tutorial.py",
    "integration/test_empty_logs.py",
    "conformance/test_flight_events.py",
)


def group_of(nodeid: str) -> str:
    """Name of the group of a test: its directory where that shares a warehouse, otherwise its file."""
    file = nodeid.split("::", 1)[0].removeprefix("tests/")
    directory = file.split("/", 1)[0]
    return directory if directory in SHARED else file


def longest_first(items: list[pytest.Item]) -> None:
    """Put the groups that take longest first; the others stay as they are."""
    first = {name: place for place, name in enumerate((*SHARED, *LONGEST))}
    items.sort(key=lambda item: first.get(group_of(item.nodeid), len(first)))


class GroupScheduling(LoadScopeScheduling):
    """Hands a whole group to a process."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
