"""One POST of JSON, and what its answer means for the ledger."""

from collections.abc import Mapping
from functools import cache

import httpx

from ml_monitor.alerts.channels.base import SendResult, retry_after

_ERROR_CHARACTERS = 200


def post(url: str, body: bytes, timeout: float, headers: Mapping[str, str] | None = None) -> SendResult:
    """Post once, follow no redirect, and read no more of the answer than one part.

    Args:
        url: Where to post; it can be a secret and is in no result.
        body: JSON.
        timeout: Seconds to wait for the connection, and for each part of the answer.
        headers: Further headers.
    """
    sent = {"Content-Type": "application/json", **(headers or {})}
    try:
        with _client().stream("POST", url, content=body, headers=sent, timeout=timeout) as response:
            if response.is_success:
                return SendResult(True, response.status_code)
            # One part only: an endless error page must not hold up the other channels.
            answer = next(response.iter_text(), "")[:_ERROR_CHARACTERS].strip()
            error = f"HTTP {response.status_code} {answer}".strip()
            return SendResult(False, response.status_code, error, retry_after(response.headers))
    except httpx.HTTPError as error:
        # The type only: messages of the client can hold the URL, which may be a secret.
        return SendResult(False, error=f"no answer ({type(error).__name__})")


@cache
def _client() -> httpx.Client:
    # One for all: reading the certificates of authorities for each message would take longer than sending it.
    return httpx.Client()
