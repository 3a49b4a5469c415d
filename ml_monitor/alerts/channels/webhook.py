"""Alerts as JSON to any HTTP endpoint."""

import hashlib
import hmac
import json

import httpx

from ml_monitor.alerts.channels.base import SendResult, retry_after
from ml_monitor.alerts.message import AlertMessage

SIGNATURE_HEADER = "X-ML-Monitor-Signature"
_ERROR_CHARACTERS = 200


class WebhookChannel:
    """POSTs one JSON object per message.

    `Idempotency-Key` is the delivery id, the same in every attempt. With a secret, the header
    `X-ML-Monitor-Signature` is `sha256=` and the hexadecimal HMAC-SHA256 of the body.

    Args:
        url: Where to post.
        secret: Shared secret of the signature.
        timeout: Seconds to wait for the connection, and for each part of the answer.
    """

    name = "webhook"

    def __init__(self, url: str, secret: str | None = None, timeout: float = 10.0) -> None:
        self._url = url
        self._secret = secret
        self._timeout = timeout

    def send(self, message: AlertMessage) -> SendResult:
        """Post the message."""
        body = json.dumps(message.to_dict(), allow_nan=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.delivery_id}
        if self._secret is not None:
            headers[SIGNATURE_HEADER] = f"sha256={signature(body, self._secret)}"
        try:
            with httpx.stream("POST", self._url, content=body, headers=headers, timeout=self._timeout) as response:
                if response.is_success:
                    return SendResult(True, response.status_code)
                # One part only: an endless error page must not hold up the other channels.
                answer = next(response.iter_text(), "")[:_ERROR_CHARACTERS].strip()
                return SendResult(
                    False,
                    response.status_code,
                    f"HTTP {response.status_code} {answer}".strip(),
                    retry_after(response.headers),
                )
        except httpx.HTTPError as error:
            # The type only: messages of the client can hold the URL, which may be a secret.
            return SendResult(False, error=f"no answer ({type(error).__name__})")


def signature(body: bytes, secret: str) -> str:
    """The hexadecimal HMAC-SHA256 that a receiver compares with the header."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
