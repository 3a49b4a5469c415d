"""Alerts to AWS CloudWatch, as metrics on which alarms can be set."""

from typing import Any

from ml_monitor.alerts.channels.base import SendResult
from ml_monitor.alerts.channels.extras import load
from ml_monitor.alerts.message import AlertMessage

_LEVELS = {"warning": 1.0, "alert": 2.0}
_DIMENSION_CHARACTERS = 1024


class CloudWatchChannel:
    """Puts the state of an alert (0 resolved, 1 warning, 2 alert), its metric's value, and a count per monitor.

    An alarm needs all dimensions of a metric, so they are few and always the same. With the statistic Maximum, a state
    that is sent again after a crash changes nothing. Credentials, region and endpoint are those of boto3.

    Args:
        namespace: Namespace of the metrics.
        timeout: Seconds to wait for the connection and for the answer.
    """

    name = "cloudwatch"

    def __init__(self, namespace: str, timeout: float = 10.0) -> None:
        self._errors = load("botocore.exceptions", "cloudwatch")
        # One attempt: boto3 would send again behind the back of the ledger.
        config = load("botocore.config", "cloudwatch").Config(
            connect_timeout=timeout, read_timeout=timeout, retries={"total_max_attempts": 1}
        )
        self._client = load("boto3", "cloudwatch").client("cloudwatch", config=config)
        self._namespace = namespace

    def send(self, message: AlertMessage) -> SendResult:
        """Put the metrics."""
        try:
            answer = self._client.put_metric_data(Namespace=self._namespace, MetricData=metrics(message))
        except self._errors.ClientError as error:
            details = error.response
            code = int(details.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
            name = details.get("Error", {}).get("Code", "unknown")
            # AWS answers throttling with 400.
            return SendResult(False, 429 if "Throttl" in name else code, f"AWS: {name}")
        except self._errors.BotoCoreError as error:
            return SendResult(False, error=f"no answer ({type(error).__name__})")
        return SendResult(True, 200, provider_reference=answer["ResponseMetadata"].get("RequestId"))


def metrics(message: AlertMessage) -> list[dict[str, Any]]:
    """The message as metric data, stamped on arrival: alarms look at the last minutes, not at the window of the alert."""
    event = message.event
    alert = _dimensions(
        Monitor=event["monitor"],
        Metric=event["metric"],
        Feature=event["feature"],
        Segment=event["segment"],
        SegmentValue=event["segment_value"],
        ModelVersion=event["model_version"],
        Span=event["span"],
    )
    state = 0.0 if message.is_resolved else _LEVELS[message.severity]
    built = [{"MetricName": "AlertState", "Dimensions": alert, "Value": state, "Unit": "None"}]
    if event["metric_value"] is not None:
        built.append({"MetricName": "MetricValue", "Dimensions": alert, "Value": event["metric_value"], "Unit": "None"})
    if not message.is_resolved:
        monitor = _dimensions(Monitor=event["monitor"], Severity=message.severity)
        built.append({"MetricName": "AlertEvents", "Dimensions": monitor, "Value": 1.0, "Unit": "Count"})
    return built


def _dimensions(**values: Any) -> list[dict[str, str]]:
    # CloudWatch takes neither an empty value nor one that is not ASCII.
    texts = {name: str(value).encode("ascii", "backslashreplace").decode().strip() for name, value in values.items()}
    return [{"Name": name, "Value": text[:_DIMENSION_CHARACTERS] or "-"} for name, text in texts.items()]
