"""Which channels there are: from the environment, or given."""

import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, HttpUrl, SecretStr, TypeAdapter, ValidationError, field_validator

from ml_monitor.alerts.channels import (
    Channel,
    ConsoleChannel,
    EmailChannel,
    MailServer,
    PagerDutyChannel,
    SlackChannel,
    TeamsChannel,
    WebhookChannel,
)
from ml_monitor.alerts.channels.pagerduty import EVENTS_URL
from ml_monitor.alerts.policy import Severity
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
    "report_url": "ML_MONITOR_REPORT_URL",
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
    report_url: HttpUrl | None = None
    """Where the report is published; messages link to it."""

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

    def channels(self) -> list[Channel]:
        """The channels, ready to send."""
        channels: list[Channel] = [ConsoleChannel()]
        if self.webhook_url is not None:
            secret = self.webhook_secret.get_secret_value() if self.webhook_secret else None
            channels.append(WebhookChannel(self.webhook_url.get_secret_value(), secret))
        if self.slack_webhook_url is not None:
            channels.append(SlackChannel(self.slack_webhook_url.get_secret_value()))
        if self.pagerduty_routing_key is not None:
            channels.append(PagerDutyChannel(self.pagerduty_routing_key.get_secret_value(), str(self.pagerduty_url)))
        if self.teams_webhook_url is not None:
            channels.append(TeamsChannel(self.teams_webhook_url.get_secret_value()))
        if self.email_host is not None:
            channels.append(self._email(self.email_host))
        return channels

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
        }
