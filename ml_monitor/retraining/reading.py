"""SQL that reads a logged value as the dbt package does: one that cannot be read is NULL, not an error."""

from collections.abc import Iterable, Iterator
from typing import Any

_YES, _NO = ("1", "1.0", "true", "t", "yes", "y"), ("0", "0.0", "false", "f", "no", "n")
_PLAIN_NUMBER = r"^\s*[+-]?(\d{1,200}(\.\d{0,90})?|\.\d{1,90})([eE][+-]?\d{1,2})?\s*$"
_NUMBER_TYPES = "cast('{double precision,real,bigint,integer,smallint}' as regtype[])"
_LARGEST = "1e150"
"""What is larger, infinite or NaN is no number of the package either (macro `finite`)."""


def number(column: str, dialect: str) -> str:
    """A number, of a column of any type.

    Args:
        column: Quoted.
        dialect: `duckdb` or `postgresql`.
    """
    if dialect == "duckdb":
        return f"case when abs(try_cast({column} as double)) <= {_LARGEST} then try_cast({column} as double) end"
    text = f"cast({column} as text)"
    value = f"cast({text} as double precision)"
    within = f"case when abs({value}) <= {_LARGEST} then {value} end"
    return (
        f"case when pg_typeof({column}) = any({_NUMBER_TYPES}) then {within} "
        f"when pg_typeof({column}) = cast('boolean' as regtype) then cast(cast({text} = 'true' as integer) as double precision) "
        f"when {text} ~ '{_PLAIN_NUMBER}' then {within} end"
    )


def binary_class(column: str, positive: Any) -> str:
    """1 or 0. With `positive`, one value or a list, everything else is 0; without it both sides must be known words."""
    text = f"lower(cast({column} as varchar))"
    if positive is None:
        return f"case when {text} in {_words(_YES)} then 1.0 when {text} in {_words(_NO)} then 0.0 end"
    return f"case when {text} in {_words(_spellings(positive))} then 1.0 when {column} is not null then 0.0 end"


def _spellings(positive: Any) -> Iterator[str]:
    """A whole number also as the decimal that a nullable column makes of it."""
    for value in positive if isinstance(positive, list) else [positive]:
        yield str(value)
        if isinstance(value, int) and not isinstance(value, bool):
            yield f"{value}.0"


def _words(words: Iterable[str]) -> str:
    """A list of SQL literals in lower case; a colon would begin a parameter."""
    literals = ("lower('" + word.replace("'", "''").replace(":", r"\:") + "')" for word in words)
    return f"({', '.join(literals)})"
