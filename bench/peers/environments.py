"""An environment for each peer, made from the package index when it is first needed."""

import subprocess
import sys
from pathlib import Path

from bench.cost import Cost, cost_of

HERE = Path(__file__).parent
REQUIREMENTS = {
    "evidently_report": ["evidently==0.7.23", "pandas<3", "pyarrow"],
    "nannyml_drift": ["nannyml==0.13.1", "statsmodels", "pandas<3", "pyarrow"],
    "whylogs_profiles": ["whylogs[viz]==1.6.4", "pandas<3", "numpy<2", "pyarrow<20"],
    "popmon_report": ["popmon==1.4.12", "pandas<3", "pyarrow"],
    "numpy_psi": ["pandas>=2", "pyarrow"],
}
NAMES = {
    "evidently_report": "Evidently 0.7.23, one day's report",
    "nannyml_drift": "NannyML 0.13.1, 30 days",
    "whylogs_profiles": "whylogs 1.6.4, 30 days",
    "popmon_report": "popmon 1.4.12, 30 days",
    "numpy_psi": "pandas and numpy by hand, 30 days",
}
# Some hold the log in memory, one takes minutes for a million.
MOST_ROWS = dict.fromkeys(REQUIREMENTS, 1_000_000) | dict.fromkeys(("evidently_report", "numpy_psi"), 10_000_000)
QUIET = {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1", "WHYLOGS_NO_ANALYTICS": "True"}


def environment(peer: str, directory: Path) -> Path:
    """The peer's Python interpreter."""
    python = directory / peer / "bin" / "python"
    if not (directory / peer / "ready").exists():
        uv = [sys.executable, "-m", "uv"]
        # With setuptools: some of them import pkg_resources and do not say so.
        subprocess.run([*uv, "venv", "--quiet", "--seed", "--clear", directory / peer], check=True)  # noqa: S603 - our command
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, *REQUIREMENTS[peer]], check=True)  # noqa: S603 - our command
        (directory / peer / "ready").touch()
    return python


def measure(peer: str, environments: Path, data: Path) -> Cost:
    """What the peer's script costs on this data."""
    return cost_of([environment(peer, environments), HERE / f"{peer}.py", data], QUIET)
