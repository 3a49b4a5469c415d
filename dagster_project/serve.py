"""Start `dagster dev` for the dbt project in the current directory: `python -m dagster_project.serve`."""

import os
import shutil
import sys
from pathlib import Path


def main() -> None:
    """Parse the project, give Dagster a home with our instance settings, become `dagster dev`."""
    os.environ.setdefault("ML_MONITOR_PROJECT_DIR", str(Path.cwd()))
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(Path.cwd() / ".dagster_home")))
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        shutil.copy(Path(__file__).with_name("dagster.yaml"), home)

    from dagster_project.settings import first_day, load_dbt_project
    from ml_monitor.settings import ProjectError

    try:
        first_day()
    except ProjectError as error:
        sys.exit(str(error))
    load_dbt_project(refresh=True)
    command = [sys.executable, "-m", "dagster", "dev", "-m", "dagster_project.definitions", *sys.argv[1:]]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell


if __name__ == "__main__":
    main()
