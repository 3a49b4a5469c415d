"""Environments of tools that do not fit into ours: made from a pinned requirements file when a test first needs them."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ENVIRONMENTS = Path(__file__).parents[1] / "build" / "environments"


def environment(requirements: Path) -> Path:
    """The directory of the programs of an environment with these requirements. It is made once and kept in `build/`."""
    pins = requirements.read_bytes() + sys.version.encode()
    home = ENVIRONMENTS / f"{requirements.stem}-{hashlib.sha256(pins).hexdigest()[:12]}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            uv = [sys.executable, "-m", "uv"]
            subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, home], check=True)
            install = [*uv, "pip", "install", "--quiet", "--python", home / "bin" / "python", "--requirement", requirements]
            subprocess.run(install, check=True, env=plain_environment())
            (home / "ready").touch()
    return home / "bin"


def plain_environment(**more: str) -> dict[str, str]:
    """Our environment variables without what would put our packages on the tool's path."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))} | more
