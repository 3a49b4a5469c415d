"""Meta-alerts: what one channel could not deliver is told through the others."""

from collections.abc import Sequence
from dataclasses import replace

from ml_monitor.alerts.channels import Channel, SendResult
from ml_monitor.alerts.message import AlertMessage
from ml_monitor.alerts.policy import dead_letter_channel


class DeadLetterChannel:
    """Tells, through one channel, which message another could not deliver.

    It is a channel like all others, with a name and rows of its own in the ledger: meta-alerts are claimed,
    retried and counted as alerts are. What it cannot deliver itself raises no further meta-alert.

    Args:
        failed: Name of the channel whose dead and rejected deliveries are told.
        through: The channel that tells them.
    """

    def __init__(self, failed: str, through: Channel) -> None:
        self.failed = failed
        self.name = dead_letter_channel(failed, through.name)
        self._through = through
        self.digests: bool = getattr(through, "digests", False)
        self.draws: bool = getattr(through, "draws", False)

    def send(self, message: AlertMessage) -> SendResult:
        """Send the message that was not delivered, and say so first."""
        note = f"not delivered to {self.failed}"
        return self._through.send(
            replace(
                message,
                title=f"{note}: {message.title}",
                text=f"{note}: {message.text}",
                is_dead_letter=True,
                fields=(("Not delivered to", self.failed), *message.fields),
            )
        )


def dead_letter_channels(channels: Sequence[Channel]) -> list[DeadLetterChannel]:
    """One for each ordered pair of channels."""
    return [DeadLetterChannel(failed.name, through) for failed in channels for through in channels if failed.name != through.name]
