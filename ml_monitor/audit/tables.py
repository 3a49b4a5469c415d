"""The tables that are evidence: how their rows are found, ordered and named."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A package table in the bundle.

    Args:
        name: Without the prefix.
        key: What tells its rows apart; also the name of a row in messages.
        time: The column that the range of an export is about; none: all rows, whatever the range.
        appended: Rows are only ever added, so a hash chain in their order proves that none was dropped.
        history: A dbt snapshot, with all its rows; absent where `dbt snapshot` or `dbt build` never ran.
        optional: Built only where an option asks for it.
    """

    name: str
    key: tuple[str, ...]
    time: str | None = None
    appended: bool = False
    history: bool = False
    optional: bool = False


_SERIES = ("monitor", "model_version", "segment", "segment_value", "feature", "window_start", "span", "metric")

TABLES = (
    Table("monitors", ("monitor",)),
    Table("features", ("monitor", "feature")),
    Table("thresholds", ("monitor", "metric", "span")),
    Table("alert_rules", ("rule_key",)),
    Table("metrics", ("metric",)),
    Table("windows", ("monitor", "window_start"), "window_start"),
    Table("verdicts", _SERIES, "window_start"),
    Table("alert_events", ("event_id",), "window_start", appended=True),
    Table("alert_states", ("alert_key",)),
    Table("alert_actions", ("action_id",), "acted_at", appended=True),
    Table("alert_deliveries", ("delivery_id",), "created_at"),
    Table("alert_delivery_attempts", ("attempt_id",), "occurred_at", appended=True),
    Table("training_runs", ("training_run_id",), "started_at"),
    Table("dataset_snapshots", ("dataset_snapshot_id",), "created_at", appended=True),
    Table("evaluations", ("evaluation_id",), "created_at", appended=True),
    Table("model_versions", ("monitor", "model_version")),
    Table("retraining_decisions", ("decision_id",), "decided_at"),
    Table("champion_guards", ("guard_id",), "started_at"),
    Table("deployments", ("deployment_id",), "effective_at", appended=True),
    Table("gate_results", ("gate_result_id",), "created_at", appended=True),
    Table("retraining_triggers", ("trigger_key",), "raised_at"),
    Table("retention_actions", ("action_id",), "acted_at", appended=True, optional=True),
    Table("monitors_history", ("monitor", "dbt_valid_from"), history=True),
    Table("thresholds_history", ("monitor", "metric", "span", "dbt_valid_from"), history=True),
    Table("alert_rules_history", ("rule_key", "dbt_valid_from"), history=True),
    Table("alert_states_history", ("alert_key", "dbt_valid_from"), history=True),
    Table("model_versions_history", ("monitor", "model_version", "dbt_valid_from"), history=True),
    Table("training_runs_history", ("training_run_id", "dbt_valid_from"), history=True),
    Table("dataset_snapshots_history", ("dataset_snapshot_id", "dbt_valid_from"), history=True),
    Table("evaluations_history", ("evaluation_id", "dbt_valid_from"), history=True),
    Table("deployments_history", ("deployment_id", "dbt_valid_from"), history=True),
    Table("verdicts_history", (*_SERIES, "dbt_valid_from"), "window_start", history=True),
    Table("metric_values_history", (*_SERIES, "dbt_valid_from"), "window_start", history=True),
)
