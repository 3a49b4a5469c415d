"""Work that is killed: in a fork, at a moment of one's choice."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def in_child(work: Callable[[], None], kill_after: float | None = None, mark: Path | None = None) -> bool:
    """Run in a fork, which has everything imported and no connection; say whether it was killed.

    Args:
        work: What is done there.
        kill_after: Seconds until it is killed with `kill -9`; not given, it may end.
        mark: File with which the work says that the seconds begin; not given, they begin at once.

    Raises:
        RuntimeError: The work failed, and nobody had killed it.
    """
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    if kill_after is not None:
        while mark and not mark.exists() and not _has_ended(child):
            time.sleep(0.001)
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status):
        raise RuntimeError("a child failed that nobody had killed")
    return False


def _has_ended(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
