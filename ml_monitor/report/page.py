"""The page: one self-contained HTML file, its data packed beside the script that draws them."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ml_monitor import __version__
from ml_monitor.alerts.incidents import Incident
from ml_monitor.errors import MlMonitorError
from ml_monitor.report import audit, feedback, glossary, pack, rows, sections, words
from ml_monitor.warehouse import Warehouse

_SCRIPTS = ("data.js", "draw.js", "pages.js", "route.js")


class ReportError(MlMonitorError):
    """The report cannot be written."""


def write_report(
    warehouse: Warehouse,
    path: Path,
    *,
    now: datetime,
    incidents: Sequence[Incident] = (),
    witness: Path | None = None,
) -> Path:
    """Write the report of all monitors to `path` and return it, whole or not at all.

    Args:
        warehouse: After `dbt build`.
        path: File to write.
        now: The monitoring clock, UTC.
        incidents: Open alerts by what they have upstream, for the suspects.
        witness: Directory of the audit's seals, for the chain on the audit page.

    Raises:
        MissingTable: A report view is not there.
        ReportError: The file cannot be written.
    """
    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    made = [directory for directory in (path.parent, *path.parent.parents) if not directory.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8", errors="replace") as file:
            file.writelines(_page(warehouse, now, incidents, witness))
        return draft.replace(path)
    except BaseException as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
            for directory in made:
                directory.rmdir()
        if isinstance(error, OSError):
            raise ReportError(f"cannot write {path}: {error}. Nothing was written.") from error
        raise


def _page(warehouse: Warehouse, now: datetime, incidents: Sequence[Incident], witness: Path | None) -> Iterator[str]:
    """The parts of the page in their order: the list of monitors is painted while the rest still arrives."""
    said = feedback.read(warehouse)
    with rows.reading(warehouse) as reading:
        headlines = sections.headlines(reading)
        overviews = [sections.overview(headline, reading) for headline in headlines]
        yield _shell(overviews, now)
        strips = [{name: one[name] for name in ("columns", "end", "strips")} for one in overviews]
        yield _data("fleet", pack.pack({"monitors": strips}, {}))
        for number, headline in enumerate(headlines, start=1):
            yield _data(f"m{number}", pack.pack(*sections.document(headline, reading, incidents, said)))
    yield _data("audit", pack.pack(audit.audit(warehouse, reading, now, witness), {}))
    yield _data("glossary", pack.pack({"metrics": glossary.glossary(warehouse)}, {}))
    yield "</body>\n</html>\n"


def _data(name: str, packed: str) -> str:
    """Letters, digits, +, / and = only: nothing in it can end the element."""
    return f'<script type="application/octet-stream" id="data-{name}">{packed}</script>\n'


def _shell(overviews: Sequence[dict[str, object]], now: datetime) -> str:
    environment = Environment(
        loader=PackageLoader("ml_monitor.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _asset(environment, "report.css")
    parts = Markup("").join(_asset(environment, name) for name in _SCRIPTS)
    script = Markup('(() => {\n"use strict";\n') + parts + Markup("})();\n")
    return environment.get_template("report.html.j2").render(
        monitors=overviews,
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
