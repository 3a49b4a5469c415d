"""Files that runs leave behind: datasets and models."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ml_monitor.retraining.errors import ArtifactError

ARTIFACTS_VARIABLE = "ML_MONITOR_ARTIFACTS"


def run_directory(project_dir: Path, artifacts_dir: Path | None, monitor: str, version: str) -> Path:
    """Where the files of one candidate are: argument, else environment, else `artifacts` in the project."""
    root = artifacts_dir or Path(os.environ.get(ARTIFACTS_VARIABLE) or project_dir / "artifacts")
    directory = root.resolve() / monitor / version
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A path to write to that becomes `path` only when the block ends well."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path, sha256: str | None, what: str) -> None:
    """Check that a file is the one that was recorded.

    Raises:
        ArtifactError: It is missing or has other content.
    """
    if not path.is_file():
        raise ArtifactError(f"{what}: no file {path}")
    found = file_sha256(path)
    if found != sha256:
        raise ArtifactError(f"{what}: {path} has sha256 {found}, recorded was {sha256}")
