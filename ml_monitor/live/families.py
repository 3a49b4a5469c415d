"""The state of the warehouse as Prometheus metric families: gauges of state, never counters of what we did."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily

from ml_monitor.live.state import LiveState
from ml_monitor.warehouse import Row

WATCHED = ("monitor", "model_version", "metric", "feature", "segment", "segment_value", "span")
SEVERITY = {"ok": 0, "warning": 1, "alert": 2}
WAITING = ("pending", "sending", "failed")


def families(state: LiveState) -> Iterator[GaugeMetricFamily]:
    """Every family. One without samples is still declared, so that a rule on it has a name to be checked by."""
    judged = [row for row in state.verdicts if row["status"] in SEVERITY]
    waiting = [row for row in state.deliveries if row["status"] in WAITING]
    sent = [row for row in state.deliveries if row["status"] == "sent"]
    yield _gauge(
        "metric_value", "Value in the newest window.", WATCHED, state.verdicts, lambda row: row["metric_value"]
    )
    yield _gauge(
        "verdict",
        "Verdict on the newest window: 0 ok, 1 warning, 2 alert. Absent where nothing could be judged.",
        WATCHED,
        judged,
        lambda row: SEVERITY[row["status"]],
    )
    yield _gauge("verdicts", "Verdicts on the newest window, by status.", ("monitor", "status"), state.verdict_counts, _count)
    yield _total("verdicts_left_out", "Verdicts without a series of their own (--max-series).", state.verdicts_left_out)
    yield _gauge(
        "last_window_end_timestamp_seconds", "End of the newest judged window.", ("monitor",), state.windows, _time("at")
    )
    yield _gauge(
        "alert_open",
        "Open alerts: 1 warning, 2 alert.",
        (*WATCHED, "owner"),
        state.alerts,
        lambda row: SEVERITY.get(row["state"]),
    )
    yield _gauge("deliveries", "Alert deliveries, by state.", ("channel", "status"), state.deliveries, _count)
    yield _gauge(
        "delivery_oldest_waiting_timestamp_seconds",
        "When the oldest delivery that is not finished was queued.",
        ("channel", "status"),
        waiting,
        _time("oldest"),
    )
    yield _gauge("delivery_last_sent_timestamp_seconds", "Last delivery.", ("channel",), sent, _time("latest"))
    yield _gauge("events_not_queued", "Alert events that no delivery pass has seen.", (), state.not_yet_queued, _count)
    yield _gauge(
        "events_not_queued_oldest_timestamp_seconds",
        "When the oldest alert event that no delivery pass has seen was raised.",
        (),
        state.not_yet_queued,
        _time("oldest"),
    )
    yield _gauge(
        "retraining_triggers_open",
        "Reasons to retrain that no training run has answered.",
        ("monitor", "trigger_kind"),
        state.triggers,
        _count,
    )
    yield _gauge("training_runs", "Training runs, by status.", ("monitor", "status"), state.training, _count)
    yield _gauge(
        "training_last_started_timestamp_seconds",
        "Start of the newest training run of a status.",
        ("monitor", "status"),
        state.training,
        _time("at"),
    )
    yield _gauge("champion_info", "The version that serves.", ("monitor", "model_version"), state.champions, lambda _: 1)


def _count(row: Row) -> float:
    return float(row["n"])


def _time(column: str) -> Callable[[Row], float | None]:
    def seconds(row: Row) -> float | None:
        moment: datetime | None = row[column]
        return moment.replace(tzinfo=UTC).timestamp() if moment else None

    return seconds


def _total(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"ml_monitor_{name}", help_text, value=value)


def _gauge(
    name: str, help_text: str, labels: Sequence[str], rows: Iterable[Row], value: Callable[[Row], Any]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"ml_monitor_{name}", help_text, labels=labels)
    for row in rows:
        found = value(row)
        if found is not None:
            family.add_metric(["" if row[label] is None else str(row[label]) for label in labels], float(found))
    return family
