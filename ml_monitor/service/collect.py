"""One look at this machine and at the services it can reach."""

import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from ml_monitor.service.log import Measurement, ServiceError

# CPU use is a rate: it needs two looks.
_CPU_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL whose response time is measured. Only the name is stored: a URL can hold a secret."""

    name: str
    url: str


def collect(endpoints: Sequence[Endpoint], disks: Sequence[Path], timeout: float, now: datetime) -> list[Measurement]:
    """CPU, memory, disks, GPUs where there are any, and the response of every endpoint.

    Raises:
        ServiceError: A disk does not exist, or a URL is none.
    """
    host = socket.gethostname()
    found = [*_host(host, disks), *_gpus(host)]
    found += [one for endpoint in endpoints for one in _response(endpoint, timeout)]
    return [Measurement(source, service, measure, value, now) for source, service, measure, value in found]


def _host(host: str, disks: Sequence[Path]) -> Iterator[tuple[str, str, str, float]]:
    import psutil

    yield "host", host, "cpu_share", psutil.cpu_percent(interval=_CPU_SECONDS) / 100
    yield "host", host, "memory_share", psutil.virtual_memory().percent / 100
    for disk in disks:
        try:
            yield "host", f"{host}:{disk}", "disk_share", psutil.disk_usage(str(disk)).percent / 100
        except OSError as error:
            raise ServiceError(f"cannot measure the disk of {disk}: {error.strerror}") from error


def _gpus(host: str) -> Iterator[tuple[str, str, str, float]]:
    """Nothing on a machine without NVIDIA's driver or library."""
    try:
        import pynvml
    except ModuleNotFoundError:
        return
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return
    try:
        for number in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(number)
            memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
            yield "gpu", f"{host}:gpu{number}", "gpu_share", pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
            yield "gpu", f"{host}:gpu{number}", "gpu_memory_share", memory.used / memory.total
    finally:
        pynvml.nvmlShutdown()


def _response(endpoint: Endpoint, timeout: float) -> Iterator[tuple[str, str, str, float]]:
    """Time, error and timeout. What did not answer has no time: a timeout is not a slow response."""
    started = time.monotonic()
    failed = timed_out = False
    try:
        failed = httpx.get(endpoint.url, timeout=timeout).status_code >= 500
    except httpx.TimeoutException:
        failed = timed_out = True
    except httpx.TransportError as error:
        if isinstance(error, httpx.UnsupportedProtocol):
            raise ServiceError(f"the URL of {endpoint.name!r} must start with http:// or https://") from None
        failed = True
    except httpx.InvalidURL:
        raise ServiceError(f"the URL of {endpoint.name!r} is none") from None
    else:
        yield "http", endpoint.name, "response_ms", (time.monotonic() - started) * 1000
    yield "http", endpoint.name, "is_error", float(failed)
    yield "http", endpoint.name, "is_timeout", float(timed_out)
