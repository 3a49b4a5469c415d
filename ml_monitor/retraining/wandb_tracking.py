"""Weights & Biases as a second notebook of runs. Offline unless `WANDB_MODE` says otherwise; `wandb sync` sends it later."""

import os
import re

from ml_monitor.retraining.errors import RegistryError
from ml_monitor.retraining.registry import Publication


def track(name: str, publication: Publication) -> None:
    """Log a run with its parameters, metrics and tags, into the directory of its candidate.

    Args:
        name: The project there.
        publication: The run.

    Raises:
        RegistryError: wandb is not installed.
    """
    try:
        import wandb
    except ImportError as error:
        raise RegistryError("retraining.tracking: wandb needs Weights & Biases: pip install 'dbt-ml-monitor[wandb]'") from error
    run = wandb.init(
        project=re.sub(r"[^\w.-]", "_", name),
        id=re.sub(r"[^\w-]", "_", publication.training_run_id)[-120:],
        name=publication.model_version,
        dir=str(publication.artifact.parent),
        mode="offline" if os.environ.get("WANDB_MODE") is None else None,
        config={**publication.parameters, **publication.tags},
        settings=wandb.Settings(silent=True, console="off", disable_git=True, disable_code=True, x_disable_stats=True),
    )
    run.log(dict(publication.metrics))
    run.finish()
