"""Which channels there are: from the environment, or given."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, TypeAdapter, ValidationError, field_validator

from ml_monitor.alerts.answers import LEAST_SECRET, AnswerLinks
from ml_monitor.alerts.channels import (
    AppriseChannel,
    Channel,
    CloudWatchChannel,
    ConsoleChannel,
    EmailChannel,
    LoggingChannel,
    MailServer,
    PagerDutyChannel,
    SentryChannel,
    SlackBotChannel,
    SlackChannel,
    TeamsChannel,
    WebhookChannel,
)
from ml_monitor.alerts.channels.json_log import json_logger
from ml_monitor.alerts.channels.pagerduty import EVENTS_URL
from ml_monitor.alerts.channels.slack_bot import API_URL
from ml_monitor.alerts.policy import DeliveryPolicy, Severity
from ml_monitor.alerts.routes import Routes, parse
from ml_monitor.errors import MlMonitorError

ENVIRONMENT = {
    "webhook_url": "ML_MONITOR_WEBHOOK_URL",
    "webhook_secret": "ML_MONITOR_WEBHOOK_SECRET",
    "webhook_min_severity": "ML_MONITOR_WEBHOOK_MIN_SEVERITY",
    "slack_webhook_url": "ML_MONITOR_SLACK_WEBHOOK_URL",
    "slack_min_severity": "ML_MONITOR_SLACK_MIN_SEVERITY",
    "pagerduty_routing_key": "ML_MONITOR_PAGERDUTY_ROUTING_KEY",
    "pagerduty_url": "ML_MONITOR_PAGERDUTY_URL",
    "pagerduty_min_severity": "ML_MONITOR_PAGERDUTY_MIN_SEVERITY",
    "teams_webhook_url": "ML_MONITOR_TEAMS_WEBHOOK_URL",
    "teams_min_severity": "ML_MONITOR_TEAMS_MIN_SEVERITY",
    "email_host": "ML_MONITOR_EMAIL_HOST",
    "email_port": "ML_MONITOR_EMAIL_PORT",
    "email_user": "ML_MONITOR_EMAIL_USER",
    "email_password": "ML_MONITOR_EMAIL_PASSWORD",
    "email_from": "ML_MONITOR_EMAIL_FROM",
    "email_to": "ML_MONITOR_EMAIL_TO",
    "email_min_severity": "ML_MONITOR_EMAIL_MIN_SEVERITY",
    "slack_bot_token": "ML_MONITOR_SLACK_BOT_TOKEN",
    "slack_channel": "ML_MONITOR_SLACK_CHANNEL",
    "slack_api_url": "ML_MONITOR_SLACK_API_URL",
    "sentry_dsn": "ML_MONITOR_SENTRY_DSN",
    "sentry_min_severity": "ML_MONITOR_SENTRY_MIN_SEVERITY",
    "cloudwatch_namespace": "ML_MONITOR_CLOUDWATCH_NAMESPACE",
    "cloudwatch_min_severity": "ML_MONITOR_CLOUDWATCH_MIN_SEVERITY",
    "apprise_url": "ML_MONITOR_APPRISE_URL",
    "apprise_min_severity": "ML_MONITOR_APPRISE_MIN_SEVERITY",
    "log_file": "ML_MONITOR_LOG_FILE",
    "routes": "ML_MONITOR_ROUTES",
    "default_route": "ML_MONITOR_DEFAULT_ROUTE",
    "digest_above": "ML_MONITOR_DIGEST_ABOVE",
    "report_url": "ML_MONITOR_REPORT_URL",
    "answer_url": "ML_MONITOR_ANSWER_URL",
    "answer_secret": "ML_MONITOR_ANSWER_SECRET",
}
_url = TypeAdapter(HttpUrl)


class ChannelConfigError(MlMonitorError):
    """A channel is configured wrongly. The message never holds the value, which may be a secret."""


class ChannelSettings(BaseModel):
    """The configured channels. The console is always one. URLs of webhooks are secrets."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    webhook_url: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    webhook_min_severity: Severity = "warning"
    slack_webhook_url: SecretStr | None = None
    slack_min_severity: Severity = "warning"
    pagerduty_routing_key: SecretStr | None = None
    pagerduty_url: HttpUrl = HttpUrl(EVENTS_URL)
    pagerduty_min_severity: Severity = "alert"
    """People are woken for alerts only, unless told otherwise."""
    teams_webhook_url: SecretStr | None = None
    teams_min_severity: Severity = "warning"
    email_host: str | None = None
    email_port: int = 587
    email_user: str | None = None
    email_password: SecretStr | None = None
    email_from: str = ""
    email_to: str = ""
    """Addresses, separated by commas."""
    email_min_severity: Severity = "warning"
    slack_bot_token: SecretStr | None = None
    slack_channel: str | None = None
    """Id of the channel, into which the bot is invited."""
    slack_api_url: HttpUrl = HttpUrl(API_URL)
    sentry_dsn: SecretStr | None = None
    sentry_min_severity: Severity = "warning"
    cloudwatch_namespace: str | None = None
    cloudwatch_min_severity: Severity = "warning"
    apprise_url: SecretStr | None = None
    apprise_min_severity: Severity = "warning"
    log_file: Path | None = None
    """JSON lines are appended to it."""
    routes: str = ""
    """`name=channel,channel; name=channel`."""
    default_route: str = ""
    """Channels for alerts without a route that leads anywhere, separated by commas; empty: all."""
    digest_above: int = Field(default=20, ge=1)
    report_url: HttpUrl | None = None
    """Where the report is published; messages link to it."""
    answer_url: HttpUrl | None = None
    """Where `ml-monitor answers` is reached by those who get messages."""
    answer_secret: SecretStr | None = Field(default=None, min_length=LEAST_SECRET)
    """Signs the links."""

    @field_validator("webhook_url", "slack_webhook_url", "teams_webhook_url")
    @classmethod
    def _is_url(cls, secret: SecretStr) -> SecretStr:
        _url.validate_python(secret.get_secret_value())
        return secret

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **given: str | None) -> Self:
        """Settings from `ML_MONITOR_*` variables; what is given and not None wins. Empty means not set.

        Raises:
            ChannelConfigError: A value is not allowed.
        """
        environment = os.environ if environment is None else environment
        values = {key: environment.get(variable) for key, variable in ENVIRONMENT.items()}
        values.update({key: value for key, value in given.items() if value is not None})
        try:
            return cls.model_validate({key: value for key, value in values.items() if value})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            key = str(first["loc"][0])
            raise ChannelConfigError(f"{ENVIRONMENT[key]}: {first['msg']}") from None

    @field_validator("routes")
    @classmethod
    def _are_routes(cls, text: str) -> str:
        parse(text)
        return text

    def policy(self, **given: Any) -> DeliveryPolicy:
        """The policy that these settings ask for; what is given is taken as it is."""
        default = tuple(filter(None, (name.strip() for name in self.default_route.split(","))))
        routes = Routes(parse(self.routes), default)
        return DeliveryPolicy(minimum_severity=self.minimum_severity, routes=routes, digest_above=self.digest_above, **given)

    def answer_links(self) -> AnswerLinks | None:
        """What makes the links with which messages are answered; None unless address and secret are set.

        Raises:
            ChannelConfigError: Only one of them is.
        """
        if self.answer_url is None and self.answer_secret is None:
            return None
        if self.answer_url is None or self.answer_secret is None:
            raise ChannelConfigError("ML_MONITOR_ANSWER_URL and ML_MONITOR_ANSWER_SECRET need each other")
        return AnswerLinks(str(self.answer_url), self.answer_secret.get_secret_value())

    def channels(self) -> list[Channel]:
        """The channels, ready to send."""
        channels: list[Channel] = [ConsoleChannel()]
        if self.webhook_url is not None:
            secret = self.webhook_secret.get_secret_value() if self.webhook_secret else None
            channels.append(WebhookChannel(self.webhook_url.get_secret_value(), secret))
        if self.slack_bot_token is not None:
            channels.append(self._slack_bot(self.slack_bot_token))
        elif self.slack_webhook_url is not None:
            channels.append(SlackChannel(self.slack_webhook_url.get_secret_value()))
        if self.pagerduty_routing_key is not None:
            channels.append(PagerDutyChannel(self.pagerduty_routing_key.get_secret_value(), str(self.pagerduty_url)))
        if self.teams_webhook_url is not None:
            channels.append(TeamsChannel(self.teams_webhook_url.get_secret_value()))
        if self.email_host is not None:
            channels.append(self._email(self.email_host))
        if self.sentry_dsn is not None:
            channels.append(_made("ML_MONITOR_SENTRY_DSN", SentryChannel, self.sentry_dsn))
        if self.cloudwatch_namespace is not None:
            channels.append(CloudWatchChannel(self.cloudwatch_namespace))
        if self.apprise_url is not None:
            channels.append(_made("ML_MONITOR_APPRISE_URL", AppriseChannel, self.apprise_url))
        if self.log_file is not None:
            channels.append(LoggingChannel(json_logger(self.log_file)))
        return channels

    def _slack_bot(self, token: SecretStr) -> SlackBotChannel:
        if not self.slack_channel or self.slack_webhook_url is not None:
            raise ChannelConfigError(
                "ML_MONITOR_SLACK_BOT_TOKEN needs ML_MONITOR_SLACK_CHANNEL, the id of a channel, "
                "and no ML_MONITOR_SLACK_WEBHOOK_URL"
            )
        return SlackBotChannel(token.get_secret_value(), self.slack_channel, str(self.slack_api_url))

    def _email(self, host: str) -> EmailChannel:
        recipients = tuple(address.strip() for address in self.email_to.split(",") if address.strip())
        if not recipients or "@" not in self.email_from:
            raise ChannelConfigError("ML_MONITOR_EMAIL_HOST needs ML_MONITOR_EMAIL_FROM and ML_MONITOR_EMAIL_TO: addresses")
        password = self.email_password.get_secret_value() if self.email_password else None
        server = MailServer(host, self.email_port, self.email_user, password)
        return EmailChannel(server, self.email_from, recipients)

    @property
    def minimum_severity(self) -> dict[str, Severity]:
        """By channel name, for `DeliveryPolicy`."""
        return {
            "webhook": self.webhook_min_severity,
            "slack": self.slack_min_severity,
            "pagerduty": self.pagerduty_min_severity,
            "email": self.email_min_severity,
            "teams": self.teams_min_severity,
            "sentry": self.sentry_min_severity,
            "cloudwatch": self.cloudwatch_min_severity,
            "apprise": self.apprise_min_severity,
        }


def _made(variable: str, channel: Callable[[str], Channel], secret: SecretStr) -> Channel:
    try:
        return channel(secret.get_secret_value())
    except ValueError:
        # The library's words can hold the value.
        raise ChannelConfigError(f"{variable}: the value is not understood") from None
