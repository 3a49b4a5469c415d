"""Delivery of alert events: at least once, each known to a ledger in the warehouse."""

from ml_monitor.alerts.channels import Channel, SendResult
from ml_monitor.alerts.deliver import deliver
from ml_monitor.alerts.message import AlertMessage
from ml_monitor.alerts.policy import DeliveryPolicy
from ml_monitor.alerts.preview import Planned, preview
from ml_monitor.alerts.report import DeliveryReport
from ml_monitor.alerts.settings import ChannelSettings

__all__ = [
    "AlertMessage",
    "Channel",
    "ChannelSettings",
    "DeliveryPolicy",
    "DeliveryReport",
    "Planned",
    "SendResult",
    "deliver",
    "preview",
]
