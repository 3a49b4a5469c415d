"""What a value did before its alert, as a picture for people."""

import logging

from ml_monitor.alerts.message import AlertMessage

_log = logging.getLogger(__name__)


def chart(message: AlertMessage) -> bytes | None:
    """PNG of the value over time, its limits, and the window that the message tells of; None if there is nothing to draw."""
    if len(message.history) < 2:
        return None
    windows = [{"at": one.window_end.isoformat(), "value": one.value} for one in message.history]
    limits = [
        {"at": one.window_end.isoformat(), "level": level, "limit": limit}
        for one in message.history
        for level, limit in (("warning", one.warn_threshold), ("alert", one.alert_threshold))
        if limit is not None
    ]
    told = [window for window in windows if window["at"] == message.event.get("window_end")]
    try:
        from ml_monitor.report.charts import render_png

        return render_png("alert", {"windows": windows, "limits": limits, "told": told})
    except Exception:
        # A mail without its picture is better than none.
        _log.exception("the chart of %s could not be drawn", message.event_id)
        return None
