"""What a command costs."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic


@dataclass(frozen=True)
class Cost:
    """Seconds of wall clock and CPU, peak memory in MB."""

    wall: float
    cpu: float
    peak_mb: float


def cost_of(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command in a process of its own, its start included.

    Raises:
        subprocess.CalledProcessError: The command failed; its output is shown.
    """
    # From a small process: on Linux the peak memory of a new process begins with that of the one that starts it.
    with TemporaryDirectory() as directory:
        answer = Path(directory) / "cost.json"
        launched = [sys.executable, __file__, answer, *command]
        subprocess.run([str(part) for part in launched], check=True, env=os.environ | dict(environment or {}))  # noqa: S603 - our command
        return Cost(**json.loads(answer.read_text()))


def main() -> None:
    """Run the command of the arguments and write its cost to the file of the first one."""
    began = monotonic()
    process = subprocess.Popen(sys.argv[2:])  # noqa: S603 - the caller's command
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(process.returncode)
    cost = Cost(monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    Path(sys.argv[1]).write_text(json.dumps(asdict(cost)))


if __name__ == "__main__":
    main()
