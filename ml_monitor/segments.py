"""The names that the profiles of the dbt package give versions and segment values, as SQL over a log."""

from collections.abc import Iterable


def present(column: str) -> str:
    """A value as text; `__missing__` for NULL. The column is quoted already."""
    return f"coalesce(cast({column} as varchar), '__missing__')"


def segment_value(columns: Iterable[str]) -> str:
    """The value of a segment of one column, or of several that are crossed. The columns are quoted already."""
    return " || ' x ' || ".join(present(column) for column in columns)
