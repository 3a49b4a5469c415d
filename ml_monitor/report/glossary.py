"""The glossary: the catalogue of metrics with what the docs page of each says: how to read it, when it lies, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ml_monitor.report import words
from ml_monitor.warehouse import Warehouse

_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_NAME = re.compile(r"`([a-z0-9_@]+)`")
# A distance over more bins or fewer is described with its distance.
_DISTANCE = re.compile(r"_(with_missing|without_unseen)$")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_PARTS = {"How to read it": "read", "When it lies": "lies", "What to do": "do"}


def glossary(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Every metric of the warehouse's catalogue, by family and name."""
    rows = warehouse.query(f"select * from {warehouse.table('metrics')} order by family, metric")  # noqa: S608 - a quoted name
    pages = _pages()
    return [
        {
            "id": row["metric"],
            "name": words.metric_name(row["metric"]),
            "family": row["family"].replace("_", " "),
            "unit": row["unit"],
            "bad": row["direction"],
            "formula": row.get("formula") or "",
            **(pages.get(row["metric"]) or pages.get(_DISTANCE.sub("", row["metric"])) or {}),
            **({"read": row["description"]} if row.get("description") else {}),
        }
        for row in rows
    ]


@cache
def _pages() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in _texts():
        title, _, body = text.partition("\n")
        parts = _SECTION.split(body)
        said = {_PARTS[name]: _plain(section) for name, section in zip(parts[1::2], parts[2::2], strict=True) if name in _PARTS}
        for metric in _NAME.findall(title):
            found[metric] = said
    return found


def metric_pages() -> Traversable:
    """Folder of the metrics' docs pages, as the wheel carries them, or in the checkout."""
    packed = files("ml_monitor").joinpath("report", "metrics")
    return packed if packed.is_dir() else Path(__file__).parents[2] / "docs" / "metrics"


def _texts() -> Iterator[str]:
    for page in sorted(metric_pages().iterdir(), key=lambda page: page.name):
        if page.name.endswith(".md") and page.name != "README.md":
            yield page.read_text(encoding="utf-8")


def _plain(markdown: str) -> str:
    """A section without its marks, in one paragraph per paragraph."""
    text = _LINK.sub(r"\1", markdown).replace("`", "").replace("**", "")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))
