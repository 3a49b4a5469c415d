"""Vega-Lite specs filled with rows and rendered to SVG that may stand inside a page."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import vl_convert
from markupsafe import Markup

Row = Mapping[str, Any]

_SVG = "http://www.w3.org/2000/svg"
_VEGA_LITE = "6.4"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LOCAL_REFERENCE = re.compile(r"url\(#([^)]+)\)")

ElementTree.register_namespace("", _SVG)


@cache
def _source(name: str) -> str:
    return files(__package__).joinpath("charts", name).read_text(encoding="utf-8")


def render(
    chart: str,
    datasets: Mapping[str, Sequence[Row]],
    *,
    label: str,
    scope: str,
    params: Mapping[str, object] | None = None,
    views: Collection[str] | None = None,
) -> Markup:
    """SVG of `charts/<chart>.vl.json`.

    `label` is what a screen reader says for the whole figure, `scope` keeps its ids apart from those of other
    figures, `params` sets the spec's parameters, `views` names the stacked views to keep (default: all).
    """
    spec = json.loads(_source(f"{chart}.vl.json"))
    spec["datasets"] = {name: [_legal(row) for row in rows] for name, rows in datasets.items()}
    for param in spec.get("params", ()):
        if params and param["name"] in params:
            param["value"] = _legal(params)[param["name"]]
    if views is not None:
        spec["vconcat"] = [view for view in spec["vconcat"] if view["name"] in views]
    svg = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, config=json.loads(_source("theme.json")), allowed_base_urls=[])
    return Markup(_embeddable(svg, label=label, scope=scope))  # noqa: S704 - serialised by an XML library


def render_png(chart: str, datasets: Mapping[str, Sequence[Row]], *, scale: float = 2.0) -> bytes:
    """PNG of `charts/<chart>.vl.json`, for readers that show no SVG: mail."""
    spec = json.loads(_source(f"{chart}.vl.json"))
    spec["datasets"] = {name: [_legal(row) for row in rows] for name, rows in datasets.items()}
    png: bytes = vl_convert.vegalite_to_png(
        spec, vl_version=_VEGA_LITE, config=json.loads(_source("theme.json")), scale=scale, allowed_base_urls=[]
    )
    return png


def _legal(row: Row) -> dict[str, Any]:
    """Without the characters that XML does not know: vl-convert ends the whole process when it meets one."""
    return {name: _NOT_XML.sub("\ufffd", cell) if isinstance(cell, str) else cell for name, cell in row.items()}


def _embeddable(svg: str, *, label: str, scope: str) -> str:
    root = ElementTree.fromstring(svg)  # noqa: S314 - made by vl-convert, not received
    for element in root.iter():
        _scope_ids(element, scope)
        _describe(element)
    root.set("id", scope)
    root.set("role", "img")
    root.set("aria-label", label)
    return ElementTree.tostring(root, encoding="unicode")


def _scope_ids(element: ElementTree.Element, scope: str) -> None:
    for name, value in element.attrib.items():
        if name == "id":
            element.set(name, f"{scope}-{value}")
        elif "url(#" in value:
            element.set(name, _LOCAL_REFERENCE.sub(rf"url(#{scope}-\1)", value))


def _describe(element: ElementTree.Element) -> None:
    """A mark's description becomes its `<title>`: a tooltip without a script; the figure is one image."""
    description = element.attrib.pop("aria-label", None)
    for name in (
        "role",
        "aria-roledescription",
        "aria-hidden",
        "pointer-events",
        "stroke-miterlimit",
        "font-family",
    ):
        element.attrib.pop(name, None)
    if description and element.tag != f"{{{_SVG}}}g":
        title = ElementTree.Element(f"{{{_SVG}}}title")
        title.text = description
        element.insert(0, title)
