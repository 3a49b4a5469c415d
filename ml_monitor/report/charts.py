"""Vega-Lite specs filled with rows and rendered to pictures, for readers that run no script: mail."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import vl_convert

Row = Mapping[str, Any]

_VEGA_LITE = "6.4"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@cache
def _source(name: str) -> str:
    return files(__package__).joinpath("charts", name).read_text(encoding="utf-8")


def render_png(chart: str, datasets: Mapping[str, Sequence[Row]], *, scale: float = 2.0) -> bytes:
    """PNG of `charts/<chart>.vl.json`."""
    spec = json.loads(_source(f"{chart}.vl.json"))
    spec["datasets"] = {name: [_legal(row) for row in rows] for name, rows in datasets.items()}
    png: bytes = vl_convert.vegalite_to_png(
        spec, vl_version=_VEGA_LITE, config=json.loads(_source("theme.json")), scale=scale, allowed_base_urls=[]
    )
    return png


def _legal(row: Row) -> dict[str, Any]:
    """Without the characters that XML does not know: vl-convert ends the whole process when it meets one."""
    return {name: _NOT_XML.sub("\ufffd", cell) if isinstance(cell, str) else cell for name, cell in row.items()}
