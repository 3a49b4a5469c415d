"""GPUs, through NVIDIA's own binding: with a library that answers as the driver's does, and without any."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pynvml")
LOOK = """
import json
from ml_monitor.service.collect import _gpus
print(json.dumps(list(_gpus("host"))))
"""


def gpus(**environment: str) -> list[list[object]]:
    done = subprocess.run([sys.executable, "-c", LOOK], env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: list[list[object]] = json.loads(done.stdout)
    return found


def test_every_gpu_is_measured(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(Path(__file__).with_name("nvml.c"))], check=True)
    assert gpus(LD_LIBRARY_PATH=str(tmp_path)) == [
        ["gpu", "host:gpu0", "gpu_share", 0.4],
        ["gpu", "host:gpu0", "gpu_memory_share", 0.25],
        ["gpu", "host:gpu1", "gpu_share", 0.8],
        ["gpu", "host:gpu1", "gpu_memory_share", 0.5],
    ]


def test_a_machine_without_a_driver_has_none() -> None:
    if Path("/proc/driver/nvidia").exists():
        pytest.skip("this machine has one")
    assert gpus() == []
