"""The page: view models into one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ml_monitor import __version__
from ml_monitor.report import rows, sections, words
from ml_monitor.warehouse import Warehouse


def write_report(warehouse: Warehouse, path: Path, *, now: datetime) -> Path:
    """Write the report of all monitors to `path` and return it; `now` is the monitoring clock."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    page = _page(sections.monitors(rows.read(warehouse) | rows.read_ledgers(warehouse)), now)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(page, encoding="utf-8")
    return draft.replace(path)


def _page(monitors: list[sections.Monitor], now: datetime) -> str:
    environment = Environment(
        loader=PackageLoader("ml_monitor.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _asset(environment, "report.css")
    script = _asset(environment, "report.js")
    return environment.get_template("report.html.j2").render(
        monitors=monitors,
        clock=words.day(now),
        package_version=__version__,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _asset(environment: Environment, name: str) -> Markup:
    return Markup(environment.get_template(name).render())  # noqa: S704 - our own file, with nothing filled in


def _hash(text: str) -> str:
    """What the page's content security policy says of the one style and the one script that it allows."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
