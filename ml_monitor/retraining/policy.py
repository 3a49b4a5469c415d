"""Whether to retrain now. Pure: everything it weighs is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ml_monitor.retraining.spec import RetrainingPolicy

LEASE = timedelta(hours=6)
"""A run that is still `running` after this is taken for dead and blocks nobody."""

PRIORITY = ("manual", "performance", "validation", "custom", "concept_drift", "drift", "labels", "schedule")


@dataclass(frozen=True, slots=True)
class Trigger:
    """A reason to retrain: a row of `retraining_triggers`, or a person's wish (kind `manual`)."""

    trigger_key: str
    monitor: str
    kind: str
    reason: str
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A row of `training_runs`."""

    training_run_id: str
    monitor: str
    trigger_key: str
    trigger_kind: str
    trigger_reason: str
    status: Literal["running", "promoted", "kept", "failed"]
    step: str
    reason: str | None
    dataset_snapshot_id: str | None
    champion_version: str
    candidate_version: str
    started_at: datetime
    finished_at: datetime | None
    error: str | None
    report_location: str | None = None

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped by what is no fault of its own, such as a registry that was down."""
        return self.status == "running" and self.error is not None

    def in_flight(self, now: datetime, lease: timedelta = LEASE) -> bool:
        """Whether the run may still be at work, or waits to be taken up."""
        return self.status == "running" and (self.interrupted or now < self.started_at + lease)

    def dead(self, now: datetime, lease: timedelta = LEASE) -> bool:
        """Whether nobody heard of the run for too long."""
        return self.status == "running" and not self.in_flight(now, lease)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why.

    `trigger` and `run_key` are set when something is launched, `run_key` alone when an interrupted run is taken up;
    `in_flight`, the id of a training run, when one goes on already (`resume_run` takes it up if its process is
    known to be dead).
    """

    action: Literal["launch", "resume", "skip"]
    reason: str
    trigger: Trigger | None = None
    run_key: str | None = None
    in_flight: str | None = None


def decide(
    triggers: Sequence[Trigger],
    runs: Sequence[Run],
    policy: RetrainingPolicy,
    now: datetime,
    *,
    lease: timedelta = LEASE,
) -> Decision:
    """Launch a run for the most urgent trigger, or say why not.

    One run at a time, and one that was interrupted is taken up first; nothing within the cool-down after a run that
    promoted or kept (a manual trigger does not wait); a trigger is answered once, or given up after `max_attempts` failures.

    Args:
        triggers: Of one monitor.
        runs: All of this monitor.
        policy: Its `retraining` block.
        now: UTC.
        lease: Age at which a run that never ended is taken for dead.
    """
    for run in runs:
        if run.interrupted:
            return Decision("resume", f"run {run.training_run_id} was interrupted: {run.error}", run_key=run.training_run_id)
        if run.in_flight(now, lease):
            reason = (
                f"run {run.training_run_id} is in flight since {run.started_at:%Y-%m-%d %H:%M}, "
                f"counted as dead after {run.started_at + lease:%Y-%m-%d %H:%M}"
            )
            return Decision("skip", reason, in_flight=run.training_run_id)
    if not triggers:
        return _skip("nothing asks for retraining")

    refused = []
    due = []
    for trigger in sorted(triggers, key=_urgency):
        attempts = [run for run in runs if run.trigger_key == trigger.trigger_key]
        answered = next((run for run in attempts if run.status in ("promoted", "kept")), None)
        if answered:
            refused.append(f"{trigger.kind} trigger {trigger.trigger_key} was answered by {answered.training_run_id}")
        elif len(attempts) >= policy.max_attempts:
            refused.append(
                f"{trigger.kind} trigger {trigger.trigger_key} failed {len(attempts)} times, "
                f"max_attempts is {policy.max_attempts}"
            )
        else:
            due.append((trigger, len(attempts) + 1))
    if not due:
        return _skip("; ".join(refused))

    trigger, attempt = due[0]
    ended = [run.finished_at for run in runs if run.status in ("promoted", "kept") and run.finished_at]
    rest = timedelta(days=policy.cooldown_days)
    if trigger.kind != "manual" and ended and now < max(ended) + rest:
        return _skip(
            f"cooling down until {max(ended) + rest:%Y-%m-%d %H:%M}: "
            f"{policy.cooldown_days:g} days since the run that ended {max(ended):%Y-%m-%d %H:%M}"
        )
    run_key = f"{trigger.monitor}:{trigger.trigger_key}:a{attempt}"
    return Decision("launch", f"{trigger.kind}: {trigger.reason}", trigger, run_key)


def _skip(reason: str) -> Decision:
    return Decision("skip", reason)


def _urgency(trigger: Trigger) -> tuple[int, datetime, str]:
    return PRIORITY.index(trigger.kind), trigger.raised_at, trigger.trigger_key
