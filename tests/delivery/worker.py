"""A delivery worker as its own process: URL of the warehouse, URL of the webhook, now."""

import sys
from datetime import datetime

from ml_monitor.alerts import DeliveryPolicy, deliver
from ml_monitor.alerts.channels import WebhookChannel
from ml_monitor.warehouse import Warehouse

if __name__ == "__main__":
    warehouse_url, webhook_url, now = sys.argv[1:]
    print("ready", flush=True)
    sys.stdin.readline()
    deliver(
        Warehouse(warehouse_url),
        [WebhookChannel(webhook_url, timeout=60)],
        DeliveryPolicy(),
        datetime.fromisoformat(now),
    )
