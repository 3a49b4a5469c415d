"""One small warehouse, built once for all tests of the code location."""

import importlib
from collections.abc import Iterator

import dagster as dg
import pytest

from tests.dagster.small_project import Location, prepare


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of a code location over the small project; this process has it too."""
    variables = prepare(tmp_path_factory.mktemp("location"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield variables


@pytest.fixture(scope="session")
def location(environment: dict[str, str]) -> Location:
    """The code location, imported over the small project; nothing is built yet."""
    definitions = importlib.import_module("dagster_project.definitions")
    return Location(environment, definitions.defs, dg.DagsterInstance.ephemeral())


@pytest.fixture(scope="session")
def built(location: Location) -> Location:
    """The location with two days of profiles asked for, and everything behind them built."""
    days = {
        f"dagster/asset_partition_range_{end}": f"2013-02-0{day}" for end, day in (("start", 1), ("end", 2))
    }
    assert location.materialize("ledger_tables", "logs", "profiles", "state", tags=days).success
    return location


@pytest.fixture(scope="session")
def monitored(built: Location) -> dg.ExecuteInProcessResult:
    """The regular pass of the last day, from the logs to the deliveries."""
    return built.defs.resolve_job_def("monitor").execute_in_process(instance=built.instance, partition_key="2013-02-28")
