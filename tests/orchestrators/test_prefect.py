"""The example flow, executed by a real Prefect in an environment of its own."""

import subprocess
from pathlib import Path

from tests.environments import environment
from tests.orchestrators.conftest import Orchestrated

FLOW = Path(__file__).parents[2] / "examples" / "prefect" / "ml_monitor_flow.py"


def run_flow(project: Orchestrated, home: Path) -> subprocess.CompletedProcess[str]:
    settings = {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "240",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "INFO",
    }
    program = environment(Path(__file__).with_name("prefect.txt")) / "python"
    return subprocess.run([program, FLOW], env=project.environment | settings, cwd=home, capture_output=True, text=True)


def test_a_round_builds_retrains_and_delivers_and_the_next_one_has_nothing_to_retrain(
    orchestrated: Orchestrated, tmp_path: Path
) -> None:
    home = tmp_path / "prefect"
    home.mkdir()
    first = run_flow(orchestrated, home)
    assert first.returncode == 0, first.stderr[-6000:]
    assert orchestrated.statuses() in (["promoted"], ["kept"])
    assert orchestrated.delivered() > 0

    second = run_flow(orchestrated, home)
    assert second.returncode == 0, second.stderr[-6000:]
    assert "Skipped" in second.stderr + second.stdout
    assert len(orchestrated.statuses()) == 1
