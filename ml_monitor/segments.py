"""The names that the profiles of the dbt package give versions and segment values, as SQL over a log."""

from collections.abc import Iterable, Mapping

_SALT = 16
_DIGITS = 16


def present(column: str) -> str:
    """A value as text; `__missing__` for NULL. The column is quoted already."""
    return f"coalesce(cast({column} as varchar), '__missing__')"


def segment_value(columns: Iterable[str]) -> str:
    """The value of a segment of one column, or of several that are crossed. The columns are quoted already."""
    return " || ' x ' || ".join(present(column) for column in columns)


def hashed_segment_value(columns: Mapping[str, str], dialect: str) -> str:
    """The same of a monitor whose categories are hashed, as the macro `hashed` does it: the salt stays in the session.

    Args:
        columns: Names, and the quoted columns.
        dialect: `duckdb` or `postgresql`.
    """
    return " || ' x ' || ".join(present(_hashed(name, column, dialect)) for name, column in columns.items())


def _hashed(name: str, column: str, dialect: str) -> str:
    literal = "'" + name.replace("'", "''").replace(":", r"\:") + "'"
    if dialect == "duckdb":
        salt = "cast(getvariable('ml_monitor_salt') as varchar)"
        digest = f"sha256({salt} || '|' || {literal} || '|' || cast({column} as varchar))"
        refused = f"error('the salt of hash_categories is not set or shorter than {_SALT} characters (docs/privacy.md)')"
    else:
        salt = "current_setting('ml_monitor.salt')"
        digest = f"encode(sha256(convert_to({salt} || '|' || {literal} || '|' || cast({column} as varchar), 'UTF8')), 'hex')"
        refused = f"current_setting('ml_monitor.salt_is_shorter_than_{_SALT}_characters')"
    return f"case when coalesce(length({salt}), 0) < {_SALT} then {refused} else 'h' || left({digest}, {_DIGITS}) end"
