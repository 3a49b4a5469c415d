"""Monitoring and retraining as an Airflow DAG: dbt build → retraining, step by step → delivery of the alerts.

Airflow and dbt rarely fit into one environment, so every task runs in the Python of the dbt project. Three variables say
where things are:

    ML_MONITOR_PYTHON       the Python that has dbt-ml-monitor, e.g. /srv/monitoring/.venv/bin/python
    ML_MONITOR_PROJECT_DIR  the dbt project
    ML_MONITOR_MONITORS     the monitors with a `retraining` block, separated by commas

The warehouse keeps what was done: a step that is tried again is done once, and a second round finds the run in flight.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import TriggerRule, dag, task, task_group

PYTHON = os.environ["ML_MONITOR_PYTHON"]
PROJECT = os.environ["ML_MONITOR_PROJECT_DIR"]
MONITORS = [name for name in os.environ["ML_MONITOR_MONITORS"].split(",") if name]
NOTHING_TO_DO = 3
STEPS = {
    "freeze": "take_snapshot",
    "gate": "check_gate",
    "train": "train_candidate",
    "evaluate": "evaluate_candidate",
    "publish": "publish_candidate",
}
COMMANDS = {
    "DBT": str(Path(PYTHON).with_name("dbt")),
    "ML_MONITOR": str(Path(PYTHON).with_name("ml-monitor")),
    "PROJECT": PROJECT,
}


@task.external_python(python=PYTHON, expect_airflow=False, expect_pendulum=False, skip_on_exit_code=NOTHING_TO_DO)
def decide(project: str, monitor: str) -> str:
    """Start a training run if the policy wants one, or take up one that was interrupted; else skip the rest."""
    import sys
    from pathlib import Path

    from ml_monitor.retraining import plan, record_decision, start_run, take_up
    from ml_monitor.settings import DbtProject
    from ml_monitor.warehouse import Warehouse

    warehouse, now = Warehouse.from_dbt(Path(project)), DbtProject.load(Path(project)).monitoring_now()
    decision = plan(warehouse, monitor, now=now)
    record_decision(warehouse, monitor, decision, now=now)
    print(f"{monitor}: {decision.action}: {decision.reason}")
    if decision.action == "resume" and decision.run_key:
        return take_up(warehouse, decision.run_key).training_run_id
    if decision.action == "skip":
        sys.exit(3)
    return start_run(warehouse, monitor, decision, now=now).training_run_id


@task.external_python(python=PYTHON, expect_airflow=False, expect_pendulum=False, skip_on_exit_code=NOTHING_TO_DO)
def advance(project: str, run: str, function: str) -> str:
    """Do one step of a training run; done twice, it is done once. What it found goes to the log."""
    from pathlib import Path

    from ml_monitor import retraining
    from ml_monitor.settings import DbtProject
    from ml_monitor.warehouse import Warehouse

    warehouse, now = Warehouse.from_dbt(Path(project)), DbtProject.load(Path(project)).monitoring_now()
    print(getattr(retraining, function)(warehouse, run, now=now, project_dir=Path(project)))
    return run


@task.external_python(python=PYTHON, expect_airflow=False, expect_pendulum=False, skip_on_exit_code=NOTHING_TO_DO)
def promote(project: str, run: str) -> None:
    """Promote the challenger or keep the champion; both are a success."""
    from pathlib import Path

    from ml_monitor.retraining import promote_candidate
    from ml_monitor.settings import DbtProject
    from ml_monitor.warehouse import Warehouse

    warehouse, now = Warehouse.from_dbt(Path(project)), DbtProject.load(Path(project)).monitoring_now()
    print(promote_candidate(warehouse, run, now=now))


@task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
def one_has_failed() -> None:
    """Fail the round where a task has failed: without it the round would end as `deliver` ends, which runs in any case."""
    raise RuntimeError("a task of this round has failed: see its log")


@dag(
    schedule="@hourly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    tags=["ml_monitor"],
)
def ml_monitor() -> None:
    build = BashOperator(
        task_id="build",
        bash_command='"$DBT" build --project-dir "$PROJECT" --profiles-dir "$PROJECT"',
        env=COMMANDS,
        append_env=True,
    )
    deliver = BashOperator(
        task_id="deliver",
        bash_command='"$ML_MONITOR" deliver --project-dir "$PROJECT"',
        env=COMMANDS,
        append_env=True,
        skip_on_exit_code=NOTHING_TO_DO,
        trigger_rule=TriggerRule.ALL_DONE,  # a training run that failed is an alert too
    )
    watcher = one_has_failed()
    build >> [deliver, watcher]
    deliver >> watcher
    for monitor in MONITORS:

        @task_group(group_id=monitor)
        def retraining(monitor: str = monitor) -> None:
            run = decide(PROJECT, monitor)
            for name, function in STEPS.items():
                run = advance.override(task_id=name)(PROJECT, run, function)
            promote(PROJECT, run)

        build >> retraining() >> [deliver, watcher]


ml_monitor()
