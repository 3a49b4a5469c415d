"""The example DAG, executed by a real Airflow in an environment of its own."""

import subprocess
from pathlib import Path

from tests.environments import environment
from tests.orchestrators.conftest import Orchestrated

ROOT = Path(__file__).parents[2]


def airflow(project: Orchestrated, home: Path, *arguments: str) -> str:
    """Run an Airflow command on a database of its own; what it printed."""
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "examples" / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    program = environment(Path(__file__).with_name("airflow.txt")) / "airflow"
    done = subprocess.run([program, *arguments], env=project.environment | settings, cwd=home, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    return said


def test_a_round_builds_retrains_step_by_step_and_delivers(orchestrated: Orchestrated, tmp_path: Path) -> None:
    home = tmp_path / "airflow"
    home.mkdir()
    airflow(orchestrated, home, "db", "migrate")
    said = airflow(orchestrated, home, "dags", "test", "ml_monitor")
    assert orchestrated.statuses() in (["promoted"], ["kept"]), said[-9000:]
    assert orchestrated.delivered() > 0
