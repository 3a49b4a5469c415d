"""What the suites of several files share."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.conformance.spark import spark_session


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session of this module's own."""
    with ExitStack() as running:
        try:
            session = running.enter_context(spark_session(tmp_path_factory.mktemp("spark")))
        except LookupError as absent:
            if os.environ.get("CI"):
                pytest.fail(f"CI runs the models on Spark: {absent}")
            pytest.skip(str(absent))
        yield session
