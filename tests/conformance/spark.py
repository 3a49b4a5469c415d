"""A local Spark session, and the comparison of its tables with those of another warehouse."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from tests.project import Project

SCHEMA = "main_ml_monitor"
SETTINGS = {
    "spark.driver.memory": "5g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.session.timeZone": "UTC",
    # Kilobytes in two threads: more partitions, code generation and re-planning only cost time.
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # The plans are long and run once: their text, kept for a UI that is off, fills the memory.
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "1000",
    "spark.sql.ui.retainedExecutions": "1",
    "spark.ui.retainedJobs": "1",
    "spark.ui.retainedStages": "1",
    "spark.ui.retainedTasks": "100",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC",
    # It makes a subquery of every column of a CTE of one row, each planned with all that is nested in it.
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.execution.planmerging.MergeSubplans",
    # Without re-planning, tasks may start before the filter that prunes their partitions is known.
    "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
}


@contextmanager
def spark_session(directory: Path) -> Iterator[Any]:
    """A local Spark session with an in-memory catalogue, its tables in `directory`; dbt takes the session that is there.

    Raises:
        LookupError: Spark or Java is not installed.
    """
    try:
        from dbt.adapters import spark as _  # noqa: F401
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise LookupError(f"dbt-spark or PySpark is not installed ({error}): pip install '.[spark]'") from error
    if not shutil.which("java"):
        raise LookupError("Java is not installed (on Debian: apt-get install openjdk-17-jre-headless)")
    builder = SparkSession.builder.master("local[2]").config("spark.sql.warehouse.dir", str(directory))
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()


def content(project: Project, wanted: dict[str, str]) -> dict[str, pd.DataFrame]:
    """The tables in one order; numbers as doubles, so that a decimal and a double compare."""
    tables = {}
    for table, columns in wanted.items():
        frame = project.frame(f"select {columns} from {SCHEMA}.{table}")
        for column in frame:
            if frame[column].isna().all():
                frame[column] = float("nan")
                continue
            # What is not a number is text in both: NULL, NaN and None are one thing, times print alike.
            numbers = pd.to_numeric(frame[column].astype(object), errors="coerce") if not str(frame[column].dtype).startswith("datetime") else None
            is_number = numbers is not None and numbers.notna().sum() == frame[column].notna().sum()
            frame[column] = numbers.astype(float) if is_number else frame[column].map(lambda x: "" if pd.isna(x) else str(x))
        order = [c for c in frame if frame[c].dtype != float] + [c for c in frame if frame[c].dtype == float]
        rounded = frame.assign(**{c: frame[c].round(6) for c in order if frame[c].dtype == float})
        tables[table] = frame.loc[rounded.sort_values(order).index].reset_index(drop=True)
    return tables


def assert_equal(
    actual: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame], may_be_empty: bool = False, performance: Collection[str] = ("ml_monitor__performance",)
) -> None:
    for table in expected:
        assert may_be_empty or len(expected[table]), table
        # Intervals of performance and spreads are roots of differences, of which 1e-16 is left where nothing varies.
        rooted = expected[table]["metric"] == "std_change" if "metric" in expected[table] else pd.Series(False, index=expected[table].index)
        interval = ["lower_bound", "upper_bound"] if table in performance else []
        plain = expected[table].columns.drop(interval)
        for rows, columns, tolerance in ((~rooted, plain, 1e-9), (rooted, plain, 1e-7), (slice(None), interval, 1e-7)):
            pd.testing.assert_frame_equal(actual[table].loc[rows, columns], expected[table].loc[rows, columns], rtol=1e-9, atol=tolerance, obj=table)
