"""The child process of `isolation`: one job from standard input, one answer in a file."""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any


def _train(job: dict[str, Any]) -> dict[str, Any]:
    import pandas as pd

    from ml_monitor.retraining.isolation import READY
    from ml_monitor.retraining.user_code import importable, train_to_file

    frame = pd.read_parquet(job["frame"])
    print(READY, flush=True)
    project = Path(job["project_dir"])
    with importable(project):
        told = train_to_file(
            job["trainer"], job["task"], frame, job["features"], job["label"], job["parameters"], project, Path(job["target"])
        )
    return {"hyperparameters": told}


def _predict(job: dict[str, Any]) -> dict[str, Any]:
    import numpy as np
    import pandas as pd

    from ml_monitor.retraining.isolation import READY
    from ml_monitor.retraining.user_code import predict_with_file

    frame = pd.read_parquet(job["frame"])
    print(READY, flush=True)
    place = Path(job["project_dir"]) if job["project_dir"] else None
    scores = predict_with_file(Path(job["artifact"]), job["task"], frame, job["who"], place)
    with Path(job["target"]).open("wb") as file:
        np.save(file, scores)
    return {}


def _end_with_parent() -> None:
    """Nobody waits for the answer any more: do not go on for hours."""
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """Do one job."""
    from ml_monitor.retraining.errors import TrainerError

    work, answer = sys.argv[1], Path(sys.argv[2])
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        result = {"train": _train, "predict": _predict}[work](job)
    except TrainerError as error:
        result = {"error": str(error)}
    draft = answer.with_suffix(".part")
    draft.write_text(json.dumps(result), encoding="utf-8")
    draft.replace(answer)
    # Threads that the user's code has left behind would keep the process.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
