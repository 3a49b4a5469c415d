"""Where messages go. A channel formats and sends; it decides nothing."""

from ml_monitor.alerts.channels.base import Channel, SendResult
from ml_monitor.alerts.channels.console import ConsoleChannel
from ml_monitor.alerts.channels.email import EmailChannel, MailServer
from ml_monitor.alerts.channels.pagerduty import PagerDutyChannel
from ml_monitor.alerts.channels.slack import SlackChannel
from ml_monitor.alerts.channels.teams import TeamsChannel
from ml_monitor.alerts.channels.webhook import WebhookChannel

__all__ = [
    "Channel",
    "ConsoleChannel",
    "EmailChannel",
    "MailServer",
    "PagerDutyChannel",
    "SendResult",
    "SlackChannel",
    "TeamsChannel",
    "WebhookChannel",
]
