"""Weights & Biases, offline: runs on disk, for `wandb sync` to upload."""

import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ml_monitor.tracking.points import ALL, Point, TrackingError


class WandbDestination:
    """Writes one offline run per batch; those of a model version have one run id and become one run when synced.

    A batch is written aside and moved to its own name when it is complete: one that was handed over twice, or that died half
    written, is there once. `window` is the step of every chart. A restated value is a later row of the same window, with
    `revision` above 0.

    Args:
        directory: Where runs are kept until they are synced: `wandb sync DIRECTORY/*/wandb/offline-run-*`.
        project: Project at W&B.
        entity: Team or user.

    Raises:
        TrackingError: W&B is not installed.
    """

    def __init__(self, directory: Path, project: str = "ml-monitor", entity: str | None = None) -> None:
        try:
            import wandb
        except ImportError as error:
            raise TrackingError("logging to Weights & Biases needs wandb: pip install 'dbt-ml-monitor[wandb]'") from error
        self._wandb: Any = wandb
        self._directory = directory
        self._project = project
        self._entity = entity
        self.name = f"wandb:{f'{entity}/' if entity else ''}{project}"

    def log(self, monitor: str, model_version: str, batch_id: str, points: Sequence[Point]) -> None:
        """Write points as a part of the run of a model version."""
        kept = self._directory / f"{monitor}-{batch_id}"
        if kept.exists():
            return
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            half = Path(mkdtemp(prefix=".half-", dir=self._directory))
        except OSError as error:
            raise TrackingError(f"cannot write to {self._directory}: {error.strerror}") from error
        try:
            self._write(half, monitor, model_version, points)
            half.rename(kept)
        except (OSError, self._wandb.errors.Error) as error:
            # Another pass may have been first.
            if not kept.exists():
                raise TrackingError(f"W&B wrote no run of {monitor}: {type(error).__name__}") from error
        finally:
            shutil.rmtree(half, ignore_errors=True)

    def _write(self, directory: Path, monitor: str, model_version: str, points: Sequence[Point]) -> None:
        wandb = self._wandb
        version = "all versions" if model_version == ALL else model_version
        run = wandb.init(
            mode="offline",
            dir=str(directory),
            project=self._project,
            entity=self._entity,
            id=sha256(f"{monitor}|{model_version}".encode()).hexdigest()[:16],
            name=f"{monitor}, {version}" if model_version == ALL else f"{monitor} {version}",
            group=monitor,
            job_type="monitoring",
            resume="allow",
            reinit="create_new",
            config={"monitor": monitor, "model_version": version},
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                disable_code=True,
                save_code=False,
                x_disable_stats=True,
                x_disable_meta=True,
            ),
        )
        run.define_metric("window")
        run.define_metric("*", step_metric="window")
        for (step, revision), row in _rows(points).items():
            where = {"window": step, "window_end": row[0].window_end.isoformat(), "revision": revision}
            run.log(where | {one.series: one.value for one in row})
        run.finish()


def _rows(points: Sequence[Point]) -> dict[tuple[int, int], list[Point]]:
    """Points of one window and revision, in the order of windows."""
    found: dict[tuple[int, int], list[Point]] = {}
    for one in sorted(points, key=lambda one: (one.step, one.revision)):
        found.setdefault((one.step, one.revision), []).append(one)
    return found
