"""Alerts as JSON to any HTTP endpoint."""

import hashlib
import hmac
import json

from ml_monitor.alerts.channels.base import SendResult
from ml_monitor.alerts.channels.http import post
from ml_monitor.alerts.message import AlertMessage

SIGNATURE_HEADER = "X-ML-Monitor-Signature"


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
        headers = {"Idempotency-Key": message.delivery_id}
        if self._secret is not None:
            headers[SIGNATURE_HEADER] = f"sha256={signature(body, self._secret)}"
        return post(self._url, body, self._timeout, headers)


def signature(body: bytes, secret: str) -> str:
    """The hexadecimal HMAC-SHA256 that a receiver compares with the header."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
