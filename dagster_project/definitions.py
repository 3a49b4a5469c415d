"""The code location: merges what `defs/` defines."""

import dagster as dg

from dagster_project.defs import delivery, feedback, health, models, monitoring, retraining, tracking

defs = dg.Definitions.merge(
    models.defs,
    delivery.defs,
    monitoring.defs,
    health.defs,
    feedback.defs,
    retraining.defs,
    tracking.defs,
    dg.Definitions(executor=dg.in_process_executor),
)
