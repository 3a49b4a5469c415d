"""Rows of an Airtable table, through its API (pyairtable)."""

import os
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from ml_monitor.feedback.errors import FeedbackError
from ml_monitor.feedback.imports.spec import ImportSpec
from ml_monitor.feedback.imports.tables import Row

_OVERLAP = timedelta(minutes=15)
"""A record changed while the last import read is read again: rows that say the same are known."""
_HINTS = {
    401: "the token is not valid",
    403: "the token may not read this table",
    404: "no such base or table, or the token may not see it",
    422: "a column or the view is not there",
}


def records(spec: ImportSpec, wanted: Collection[str], since: datetime | None) -> list[Row]:
    """The records that changed since a time, all of them, or an error: never some.

    Args:
        spec: The import.
        wanted: Fields to read.
        since: UTC without zone; None reads all.

    Raises:
        FeedbackError: No token, not installed, or Airtable refuses; it says why.
    """
    try:
        import pyairtable
        import requests
    except ImportError:
        raise FeedbackError("pyairtable is not installed: pip install 'dbt-ml-monitor[airtable]'") from None
    token = os.environ.get(spec.token_variable)
    if not token:
        raise FeedbackError(
            f"the environment has no {spec.token_variable}: a personal access token of Airtable that may read records"
        )
    retry = pyairtable.retry_strategy(total=5, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504))
    api = pyairtable.Api(token, timeout=(10, 60), retry_strategy=retry, endpoint_url=spec.endpoint)
    options: dict[str, Any] = {"fields": sorted(wanted)}
    if spec.view:
        options["view"] = spec.view
    if since is not None:
        options["formula"] = f"IS_AFTER(LAST_MODIFIED_TIME(), '{since - _OVERLAP:%Y-%m-%dT%H:%M:%S.000Z}')"
    try:
        found = api.table(str(spec.base), str(spec.table)).all(**options)
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        hint = f" ({_HINTS[status]})" if status in _HINTS else ""
        raise FeedbackError(
            f"Airtable refused {spec.base}/{spec.table}: {status}{hint}: {_words(error)}. Nothing was imported."
        ) from None
    except (requests.RequestException, ValueError, KeyError) as error:
        raise FeedbackError(f"Airtable did not answer about {spec.base}/{spec.table}: {error}. Nothing was imported.") from None
    return [_row(record, wanted) for record in found]


def _row(record: Any, wanted: Collection[str]) -> Row:
    place = f"record {record['id']}"
    cells = {name: _text(cell, place, name) for name, cell in record["fields"].items() if name in wanted}
    return Row(place, {name: cell for name, cell in cells.items() if cell}, record["id"])


def _text(cell: Any, place: str, name: str) -> str:
    """A cell as text: choices joined by a comma, people by their email."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else ""
    if isinstance(cell, int | float):
        return f"{cell:.15g}"
    if isinstance(cell, list):
        return ", ".join(_text(one, place, name) for one in cell)
    if isinstance(cell, dict) and (said := cell.get("email") or cell.get("name") or cell.get("value")):
        return str(said)
    raise FeedbackError(f"{place}: field {name!r} is {type(cell).__name__}, which is no text. Nothing was imported.")


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
