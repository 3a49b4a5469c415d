"""Alerts to everything else, through Apprise."""

from ml_monitor.alerts.channels.base import SendResult
from ml_monitor.alerts.channels.extras import load
from ml_monitor.alerts.message import AlertMessage


class AppriseChannel:
    """Sends plain text to one Apprise URL: Telegram, Discord, Matrix, ntfy, SMS and a hundred more.

    Apprise says only whether a message was taken, so every failure is tried again. It folds no duplicates.

    Args:
        url: URL as Apprise has it, such as `tgram://token/chat`: a secret.

    Raises:
        ValueError: Apprise does not understand the URL.
    """

    name = "apprise"
    digests = True

    def __init__(self, url: str) -> None:
        self._apprise = load("apprise", "apprise")
        self._target = self._apprise.Apprise()
        if not self._target.add(url):
            raise ValueError("Apprise does not understand the URL")

    def send(self, message: AlertMessage) -> SendResult:
        """Send the message as plain text."""
        types = self._apprise.NotifyType
        kinds = {"alert": types.FAILURE, "warning": types.WARNING}
        lines = [message.text, *(f"{name}: {detail}" for name, detail in message.fields), *filter(None, [message.link])]
        sent = self._target.notify(
            title=message.title,
            body="\n".join(lines),
            notify_type=types.SUCCESS if message.is_resolved else kinds[message.severity],
            body_format=self._apprise.NotifyFormat.TEXT,
        )
        # Apprise keeps the receiver's answer, which can hold the URL, to itself.
        return SendResult(True) if sent else SendResult(False, error="Apprise could not send it")
