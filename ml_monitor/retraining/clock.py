"""Moments as the tables keep them."""

from datetime import UTC, datetime


def as_utc(moment: datetime) -> datetime:
    """The moment as UTC without zone; one without zone is taken as UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
