"""Monitoring and retraining as a Prefect flow: dbt build → retraining of each monitor → delivery of the alerts.

Prefect and dbt rarely fit into one environment, so every task runs a command of the dbt project's. Three variables say
where things are:

    ML_MONITOR_BIN          where dbt and ml-monitor are, e.g. /srv/monitoring/.venv/bin
    ML_MONITOR_PROJECT_DIR  the dbt project
    ML_MONITOR_MONITORS     the monitors with a `retraining` block, separated by commas

`python ml_monitor_flow.py` runs it once; `ml_monitor_flow.serve(cron="0 * * * *", limit=1)` every hour.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.states import Completed, State

BIN = Path(os.environ["ML_MONITOR_BIN"])
PROJECT = os.environ["ML_MONITOR_PROJECT_DIR"]
MONITORS = [name for name in os.environ["ML_MONITOR_MONITORS"].split(",") if name]
NOTHING_TO_DO = 3


def run(program: str, *arguments: str, profiles: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command on the project; what it says goes to the log of the task. An exit code other than 0 and 3 is an error."""
    where = ["--project-dir", PROJECT, *(["--profiles-dir", PROJECT] if profiles else [])]
    command = [str(BIN / program), *arguments, *where]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - commands of this file
    get_run_logger().info("%s %s\n%s%s", program, " ".join(arguments), done.stdout, done.stderr)
    if done.returncode not in (0, NOTHING_TO_DO):
        raise RuntimeError(f"{program} {' '.join(arguments)}: exit code {done.returncode}: {done.stderr or done.stdout}")
    return done


@task(retries=2, retry_delay_seconds=60)
def build() -> None:
    """Profiles, metrics, verdicts, alerts."""
    run("dbt", "build", profiles=True)


# Not tried again: a run that failed has used an attempt of its trigger, and what was interrupted the next round takes up.
@task(task_run_name="retrain-{monitor}")
def retrain(monitor: str) -> dict[str, Any] | State[None]:
    """Decide and, if there is a reason: snapshot, gate, train, evaluate, promote."""
    done = run("ml-monitor", "retrain", monitor, "--resume", "--json")
    if done.returncode == NOTHING_TO_DO:
        return Completed(name="Skipped", message=json.loads(done.stdout)["reason"])
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@task(retries=2, retry_delay_seconds=60)
def deliver() -> None:
    """Send what is due: alerts, and training runs that failed."""
    run("ml-monitor", "deliver")


@flow(name="ml-monitor")
def ml_monitor_flow() -> None:
    """One round of monitoring."""
    build()
    rounds = [retrain.submit(monitor) for monitor in MONITORS]
    for one in rounds:
        one.wait()
    deliver()
    for one in rounds:
        one.result()  # a failed retraining fails the flow, after people were told


if __name__ == "__main__":
    ml_monitor_flow()
