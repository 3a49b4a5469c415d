"""What an exporter shows, read from the warehouse in one transaction."""

# ruff: noqa: S608 - only quoted relation names are put into SQL

from dataclasses import dataclass

from ml_monitor.warehouse import Row, Warehouse


@dataclass(frozen=True, slots=True)
class LiveState:
    """The newest rows of what people watch."""

    verdicts: list[Row]
    """The newest verdict of each watched value, worst first, no more than were asked for."""
    verdicts_left_out: int
    verdict_counts: list[Row]
    windows: list[Row]
    alerts: list[Row]
    deliveries: list[Row]
    not_yet_queued: list[Row]
    triggers: list[Row]
    training: list[Row]
    champions: list[Row]


def read_state(warehouse: Warehouse, max_verdicts: int) -> LiveState:
    """Read the state.

    Args:
        warehouse: Opened read-only.
        max_verdicts: Verdicts beyond this number are counted but not listed: every one is a time series.

    Raises:
        WarehouseError: The tables cannot be read.
    """
    table = warehouse.table
    # A value of a window that is older than the monitor's newest is history, of a segment or feature that is gone.
    newest = f"""
        with newest as (
            select monitor, span, max(window_start) as window_start from {table("verdicts")} group by monitor, span
        ),
        latest as (
            select verdicts.* from {table("verdicts")} as verdicts
            inner join newest
                on newest.monitor = verdicts.monitor
                and newest.span = verdicts.span
                and newest.window_start = verdicts.window_start
        )
    """
    with warehouse.transaction() as session:
        counts = session.query(f"{newest} select monitor, status, count(*) as n from latest group by monitor, status")
        verdicts = session.query(
            f"""
            {newest}
            select monitor, model_version, metric, feature, segment, segment_value, span, metric_value, status
            from latest
            order by case status when 'alert' then 0 when 'warning' then 1 else 2 end,
                case segment when '__all__' then 0 else 1 end,
                monitor, metric, feature, segment, segment_value, span
            limit :max_verdicts
            """,
            {"max_verdicts": max_verdicts},
        )
        return LiveState(
            verdicts=verdicts,
            verdicts_left_out=sum(row["n"] for row in counts) - len(verdicts),
            verdict_counts=counts,
            windows=session.query(f"""
                select monitor, max(window_end) as at from {table("verdicts")} group by monitor
            """),
            alerts=session.query(f"""
                select monitor, model_version, metric, feature, segment, segment_value, span, state, owner, opened_at as at
                from {table("alert_states")} where is_open
            """),
            deliveries=session.query(f"""
                select channel, status, count(*) as n, min(created_at) as oldest, max(updated_at) as latest
                from {table("alert_deliveries")} group by channel, status
            """),
            not_yet_queued=session.query(f"""
                select count(*) as n, min(events.created_at) as oldest
                from {table("alert_events")} as events
                left join {table("alert_deliveries")} as deliveries on deliveries.event_id = events.event_id
                where deliveries.event_id is null
            """),
            triggers=session.query(f"""
                select triggers.monitor, triggers.trigger_kind, count(*) as n
                from {table("retraining_triggers")} as triggers
                left join {table("training_runs")} as runs on runs.trigger_key = triggers.trigger_key
                where runs.trigger_key is null
                group by triggers.monitor, triggers.trigger_kind
            """),
            training=session.query(f"""
                select monitor, status, count(*) as n, max(started_at) as at
                from {table("training_runs")} group by monitor, status
            """),
            champions=session.query(f"""
                select monitor, max(model_version) as model_version
                from {table("model_versions")} where stage = 'champion' group by monitor
            """),
        )
