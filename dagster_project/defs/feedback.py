"""Feedback: importers as assets, and a sensor that has labels and performance built when something was said."""

from datetime import UTC, datetime

import dagster as dg

from dagster_project.defs.delivery import alert_deliveries
from dagster_project.defs.models import (
    DAILY,
    MANIFEST,
    log_models,
    model_key,
    profile_models,
    state_models,
)
from dagster_project.defs.monitoring import monitoring_job
from dagster_project.defs.runs import in_flight
from dagster_project.looks import DOCS
from dagster_project.settings import PROJECT_DIR, SCHEDULE_STATUS, SENSOR_STATUS, warehouse
from ml_monitor.warehouse import MissingTable, WarehouseLocked

SETTINGS = PROJECT_DIR / "feedback.yml"
EVENTS, BOOKMARKS = (model_key(f"ml_monitor__feedback_{name}") for name in ("events", "bookmarks"))


def build_import(name: str, kind: str) -> dg.AssetsDefinition:
    """The asset of one import of feedback.yml."""

    @dg.asset(
        name=f"import_{name}",
        group_name="feedback",
        kinds={"python", kind},
        deps=[EVENTS, BOOKMARKS],
        retry_policy=dg.RetryPolicy(max_retries=2, delay=20),
        description=f"Rows of `{name}` (feedback.yml) become feedback events, each once.\n\n"
        f"[How imports work]({DOCS}/feedback.md#imports)",
    )
    def imported(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from ml_monitor.feedback.errors import BufferUnavailable, FeedbackError
        from ml_monitor.feedback.imports.place import import_place
        from ml_monitor.feedback.serve import Place

        place = Place(PROJECT_DIR)
        try:
            (done,) = import_place(place, [name], say=context.log.info)
        except BufferUnavailable:
            raise
        except FeedbackError as error:
            # A file that is wrong is as wrong the next time.
            raise dg.Failure(str(error), allow_retries=False) from error
        flushed = place.flush()
        return dg.MaterializeResult(
            metadata={
                "rows": done.rows,
                "new": done.new,
                "changed": done.changed,
                "known": done.known,
                "not_ready": done.not_ready,
                "skipped": dg.MetadataValue.json(list(done.skipped[:50])),
                "events_flushed": flushed.events,
            }
        )

    return imported


def build_imports() -> list[dg.AssetsDefinition]:
    """The assets of the imports in feedback.yml: none without the file, and one that says what is wrong with a broken one."""
    if not SETTINGS.exists():
        return []
    from ml_monitor.feedback.errors import FeedbackError
    from ml_monitor.feedback.settings import FeedbackSettings

    try:
        declared = FeedbackSettings.load(SETTINGS).imports
    except FeedbackError as error:
        dg.get_dagster_logger().warning(f"no imports: {error}")
        return [unreadable(str(error))]
    return [build_import(name, str(spec.type)) for name, spec in sorted(declared.items())]


def unreadable(problem: str) -> dg.AssetsDefinition:
    """An asset in place of imports that nobody knows: it fails until the file is right and the code location is loaded again."""

    @dg.asset(name="feedback_settings", group_name="feedback", kinds={"python", "yaml"}, description=f"No imports: {problem}")
    def settings() -> None:
        from ml_monitor.feedback.errors import FeedbackError
        from ml_monitor.feedback.settings import FeedbackSettings

        try:
            FeedbackSettings.load(SETTINGS)
        except FeedbackError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        raise dg.Failure(f"{SETTINGS} is right now: reload the code location", allow_retries=False)

    return settings


def reads_feedback() -> bool:
    """Whether a monitor's profile is made of feedback events: else there is nothing to build when some come."""
    children = MANIFEST["child_map"]
    events = next(name for name, node in MANIFEST["nodes"].items() if node["name"] == "ml_monitor__feedback_events")
    seen, waiting = {events}, [events]
    while waiting:
        for child in children.get(waiting.pop(), []):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return any("ml_monitor_profile" in MANIFEST["nodes"].get(name, {}).get("tags", []) for name in seen)


imports = build_imports()
import_job = dg.define_asset_job(
    "import_feedback", selection=dg.AssetSelection.assets(*imports), tags={"dagster/max_retries": "0"}
)
import_schedule = dg.ScheduleDefinition(job=import_job, cron_schedule="35 * * * *", default_status=SCHEDULE_STATUS)

feedback_job = dg.define_asset_job(
    "build_from_feedback",
    # Without what else is behind it: retraining has its own sensor, and its own reasons.
    selection=dg.AssetSelection.assets(EVENTS).downstream(include_self=False)
    & dg.AssetSelection.assets(log_models, profile_models, state_models, alert_deliveries),
    description="Bring labels, performance, verdicts and alerts up to date with new feedback, then send what is due.",
)


@dg.sensor(job=feedback_job, minimum_interval_seconds=60, default_status=SENSOR_STATUS)
def feedback_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Request the models behind feedback when events were flushed since. The hourly pass builds them too."""
    if any(in_flight(context.instance, job.name) for job in (feedback_job, monitoring_job)):
        return dg.SkipReason("a run that builds them is in flight")
    house = warehouse(lock_timeout=2.0)
    try:
        query = "select sum(last_sequence) as events, max(flushed_at) as flushed_at from "
        (row,) = house.query(query + house.table("feedback_bookmarks"))
    except (MissingTable, WarehouseLocked) as reason:
        return dg.SkipReason(str(reason))
    if row["events"] is None:
        return dg.SkipReason("no feedback yet")
    mark = f"{row['events']}@{row['flushed_at'].isoformat()}"
    if mark == context.cursor:
        return dg.SkipReason(f"nothing new since {row['flushed_at']:%Y-%m-%d %H:%M:%S}")
    with dg.partition_loading_context(effective_dt=datetime.now(UTC)):
        day = DAILY.get_last_partition_key()
    if day is None:
        return dg.SkipReason("no day has closed yet")
    return dg.SensorResult([dg.RunRequest(f"feedback:{mark}", partition_key=day)], cursor=mark)


READS = reads_feedback()
defs = dg.Definitions(
    assets=imports,
    jobs=[*([feedback_job] if READS else []), *([import_job] if imports else [])],
    sensors=[feedback_sensor] if READS else [],
    schedules=[import_schedule] if imports else [],
)
