"""Run the user's code in a process of its own, with a time limit.

Nothing that it does can hang, crash or fill the memory of the process that waits for it: that one kills it, and says so.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ml_monitor.retraining.errors import TrainerError, TrainerTimeout

Progress = Callable[[str], None]

_LAST_LINES = 5
_STARTUP_SECONDS = 300

READY = "ml_monitor.retraining.worker is ready"
"""Printed by the child when it has imported what it needs: the user's time begins."""


def call(
    work: str, arguments: Mapping[str, Any], *, limit_minutes: float, directory: Path, what: str, tell: Progress | None = None
) -> dict[str, Any]:
    """Let a child process do some work of `ml_monitor.retraining.worker`.

    Args:
        work: `train` or `predict`.
        arguments: Plain values.
        limit_minutes: After these the child and all its children are killed.
        directory: Where its answer is written for a moment.
        what: The work, for messages.
        tell: Gets each line that the child prints.

    Returns:
        The answer, plain values.

    Raises:
        TrainerTimeout: It did not end in time.
        TrainerError: It failed, or died without an answer.
    """
    answer = directory / f"answer.{os.getpid()}.{threading.get_ident()}.json"
    # Without the project of this process, a test run from a clone would import another ml_monitor.
    places = os.pathsep.join(place for place in sys.path if place)
    child = subprocess.Popen(  # noqa: S603 - this interpreter, this package
        [sys.executable, "-m", "ml_monitor.retraining.worker", work, str(answer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": places, "PYTHONUNBUFFERED": "1"},
    )
    lines: list[str] = []
    ready = threading.Event()
    listener = threading.Thread(target=_listen, args=(child, lines, tell, ready), daemon=True)
    try:
        listener.start()
        if child.stdin is None:
            raise TrainerError(f"{what}: no way to talk to its process")
        try:
            # The pipe stays open: its end tells the child that nobody waits any more.
            child.stdin.write(json.dumps(arguments) + "\n")
            child.stdin.flush()
            ready.wait(_STARTUP_SECONDS)
            child.wait(limit_minutes * 60)
        except subprocess.TimeoutExpired as error:
            raise TrainerTimeout(
                f"{what} did not end within {limit_minutes:g} minutes (time_limit_minutes) and was killed"
            ) from error
        except BrokenPipeError:
            child.wait()
        listener.join(timeout=5)
        if not answer.is_file():
            last = " / ".join(lines[-_LAST_LINES:]) or "it said nothing"
            raise TrainerError(f"{what}: its process ended with code {child.returncode} and no answer: {last}")
        result: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    finally:
        _kill(child)
        answer.unlink(missing_ok=True)
    if "error" in result:
        raise TrainerError(result["error"])
    return result


def _listen(child: "subprocess.Popen[str]", lines: list[str], tell: Progress | None, ready: threading.Event) -> None:
    for line in child.stdout or ():
        words = line.rstrip()
        if words == READY:
            ready.set()
        elif words:
            lines.append(words)
            del lines[:-_LAST_LINES]
            if tell:
                tell(words)
    ready.set()


def _kill(child: "subprocess.Popen[str]") -> None:
    """End the child and whatever it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()
