"""What is running: asked by every sensor and schedule before it requests another run."""

from datetime import UTC, datetime, timedelta

import dagster as dg

IN_FLIGHT = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def in_flight(
    instance: dg.DagsterInstance, job_name: str, lease: timedelta = timedelta(hours=2), **tags: str
) -> bool:
    """Return whether a run of the job is on its way.

    An older run counts as lost: a worker that died with its host leaves its run STARTED for ever.
    """
    runs = dg.RunsFilter(
        job_name=job_name, statuses=IN_FLIGHT, tags=tags, created_after=datetime.now(UTC) - lease
    )
    return instance.get_runs_count(runs) > 0
