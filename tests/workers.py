"""Which tests one process runs: those that share a built warehouse stay together, and what takes longest begins first."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent

# Their session fixtures build a warehouse, which each process would build for itself.
SHARED = ("dagster", "live", "audit", "bi")
# Minutes each: at the end the other processes would wait for them.
LONGEST = (
    "dialects/test_dialects.py",
    "orchestrators/test_airflow.py",
    "conformance/test_flights.py",
    "conformance/test_spark.py",
    "integration/test_alert_actions.py",
    "integration/test_custom_metrics.py",
    "conformance/test_multivariate.py",
    "conformance/test_exact.py",
)


def group_of(path: Path) -> str:
    """Name of the group of a test file: its directory where that shares a warehouse, otherwise the file."""
    within = path.relative_to(TESTS)
    return within.parts[0] if within.parts[0] in SHARED else within.as_posix()


def distribute(items: list[pytest.Item]) -> None:
    """Mark every test with its group, and put the long ones first."""
    first = {name: place for place, name in enumerate((*SHARED, *LONGEST))}
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item.path)))
    items.sort(key=lambda item: first.get(group_of(item.path), len(first)))
