"""The Apache Superset bundle: `templates/superset` for one schema of one warehouse, as the ZIP file that Superset imports."""

import zipfile
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ml_monitor.bi.errors import BiError

_ROOT = "ml_monitor_superset"
# Superset asks for the password of a URI in which it reads this.
_ASK = "X" * 10
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def superset_bundle(output: Path, uri: str, schema: str) -> None:
    """Write the bundle. The same URI and schema give the same bytes; nothing is written over.

    Args:
        output: The ZIP file.
        uri: SQLAlchemy URI of the warehouse, as Superset reaches it. A password in it is left out.
        schema: Schema of the package's tables.

    Raises:
        BiError: `uri` is none, or `output` is there or cannot be written.
    """
    contents = superset_files(uri, schema)
    try:
        with zipfile.ZipFile(output, "x", zipfile.ZIP_DEFLATED) as bundle:
            for name, content in contents.items():
                entry = zipfile.ZipInfo(f"{_ROOT}/{name}", _LONG_AGO)
                entry.external_attr = 0o644 << 16
                text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
                bundle.writestr(entry, text, zipfile.ZIP_DEFLATED)
    except FileExistsError as error:
        raise BiError(f"{output} exists: give another --output, or move it away") from error
    except OSError as error:
        raise BiError(f"cannot write {output}: {error}") from error


def superset_files(uri: str, schema: str) -> dict[str, dict[str, Any]]:
    """The files of the bundle by their path in it."""
    shown = _without_password(uri)
    templates = files("ml_monitor.bi").joinpath("templates", "superset")
    contents = {name: yaml.safe_load(file.read_text(encoding="utf-8")) for name, file in sorted(_below(templates))}
    for name, content in contents.items():
        if name.startswith("databases/"):
            content["sqlalchemy_uri"] = shown
        if name.startswith("datasets/"):
            content["schema"] = schema
    return contents


def _without_password(uri: str) -> str:
    try:
        url = make_url(uri)
    except ArgumentError as error:
        raise BiError("--uri is no SQLAlchemy URI, such as postgresql+psycopg2://reader@warehouse:5432/analytics") from error
    return url.set(password=_ASK if url.password else None).render_as_string(hide_password=False)


def _below(directory: Traversable, path: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in directory.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry
