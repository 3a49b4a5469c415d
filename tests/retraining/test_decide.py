"""`decide` as a table."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ml_monitor.retraining import RetrainingPolicy, Run, Trigger, decide

NOW = datetime(2024, 5, 1, 12)
POLICY = RetrainingPolicy(trainer="m:f", cooldown_days=28, max_attempts=2)


def trigger(key: str = "k1", kind: str = "performance", days_ago: float = 1) -> Trigger:
    return Trigger(key, "m", kind, "AUC fell", NOW - timedelta(days=days_ago))


def run(key: str = "k1", status: Any = "failed", days_ago: float = 40, attempt: int = 1) -> Run:
    started = NOW - timedelta(days=days_ago)
    finished = None if status == "running" else started + timedelta(minutes=5)
    run_id = f"m:{key}:a{attempt}"
    return Run(
        run_id,
        "m",
        key,
        "performance",
        "r",
        status,
        "promote",
        None,
        None,
        "v1",
        "r1",
        started,
        finished,
        None,
    )


@pytest.mark.parametrize(
    ("triggers", "runs", "run_key", "words"),
    [
        ([], [], None, "nothing asks"),
        ([trigger()], [], "m:k1:a1", "performance: AUC fell"),
        ([trigger()], [run(status="failed", days_ago=1)], "m:k1:a2", "performance"),
        ([trigger()], [run(), run(attempt=2)], None, "failed 2 times, max_attempts is 2"),
        ([trigger()], [run(status="kept")], None, "was answered by m:k1:a1"),
        ([trigger()], [run(status="promoted")], None, "was answered by m:k1:a1"),
        ([trigger(), trigger("k2", "labels")], [run(status="kept")], "m:k2:a1", "labels"),
        ([trigger()], [run("old", "kept", days_ago=10)], None, "cooling down until 2024-05-19 12:05"),
        ([trigger()], [run("old", "promoted", days_ago=28)], None, "cooling down until 2024-05-01 12:05"),
        ([trigger()], [run("old", "promoted", days_ago=28.01)], "m:k1:a1", "performance"),
        ([trigger()], [run("old", "failed", days_ago=1)], "m:k1:a1", "performance"),
        ([trigger(kind="manual")], [run("old", "kept", days_ago=1)], "m:k1:a1", "manual"),
        (
            [trigger()],
            [run("old", "running", days_ago=0.1)],
            None,
            "m:old:a1 is in flight since 2024-05-01 09:36",
        ),
        ([trigger(kind="manual")], [run("old", "running", days_ago=0.1)], None, "in flight"),
        ([trigger()], [run("old", "running", days_ago=1)], "m:k1:a1", "performance"),
        ([trigger()], [run("k1", "running", days_ago=1)], "m:k1:a2", "performance"),
        ([trigger("a", "schedule"), trigger("b", "drift"), trigger("c", "labels")], [], "m:b:a1", "drift"),
        ([trigger("new", days_ago=1), trigger("old", days_ago=3)], [], "m:old:a1", "performance"),
    ],
)
def test_decide(triggers: list[Trigger], runs: list[Run], run_key: str | None, words: str) -> None:
    decision = decide(triggers, runs, POLICY, NOW)
    assert decision.run_key == run_key
    assert decision.action == ("launch" if run_key else "skip")
    assert words in decision.reason
    assert (decision.in_flight is not None) == ("in flight" in decision.reason)
