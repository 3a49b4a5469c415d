"""Where messages go. A channel formats and sends; it decides nothing."""

from ml_monitor.alerts.channels.apprise import AppriseChannel
from ml_monitor.alerts.channels.base import Channel, SendResult
from ml_monitor.alerts.channels.cloudwatch import CloudWatchChannel
from ml_monitor.alerts.channels.console import ConsoleChannel
from ml_monitor.alerts.channels.email import EmailChannel, MailServer
from ml_monitor.alerts.channels.json_log import LoggingChannel
from ml_monitor.alerts.channels.pagerduty import PagerDutyChannel
from ml_monitor.alerts.channels.sentry import SentryChannel
from ml_monitor.alerts.channels.slack import SlackChannel
from ml_monitor.alerts.channels.slack_bot import SlackBotChannel
from ml_monitor.alerts.channels.teams import TeamsChannel
from ml_monitor.alerts.channels.webhook import WebhookChannel

__all__ = [
    "AppriseChannel",
    "Channel",
    "CloudWatchChannel",
    "ConsoleChannel",
    "EmailChannel",
    "LoggingChannel",
    "MailServer",
    "PagerDutyChannel",
    "SendResult",
    "SentryChannel",
    "SlackBotChannel",
    "SlackChannel",
    "TeamsChannel",
    "WebhookChannel",
]
