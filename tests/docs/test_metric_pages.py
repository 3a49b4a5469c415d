"""Every metric of the catalogue is in the list of metrics, with its family and unit, and has a page that says what it is and when it lies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.macros import macros

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "metrics"
ROW = re.compile(r"\| \[`(?P<metric>\w+)`\]\((?P<page>\w+\.md)\) \| (?P<family>\w+) \| (?P<unit>[^|]+) \| (?P<bad>above|below|either) \| ")
LISTED = {found["metric"]: found for found in map(ROW.match, (PAGES / "README.md").read_text(encoding="utf-8").splitlines()) if found}
CATALOGUE: list[dict[str, Any]] = macros("metrics", "drift", "performance", "estimation", "feedback", "selective", "maturity", "decisions").metric_catalogue()
# A distance over the missing values too, or over known categories alone, is described with its distance.
NAMED = [metric for metric in CATALOGUE if not metric["metric"].endswith(("_with_missing", "_without_unseen")) or metric["metric"].startswith("psi")]


def test_there_are_metrics() -> None:
    assert len(CATALOGUE) > 100


@pytest.mark.parametrize("metric", NAMED, ids=lambda metric: metric["metric"])
def test_it_is_listed_with_a_page_of_its_own_words(metric: dict[str, Any]) -> None:
    listed = LISTED[metric["metric"]]
    assert (listed["family"], listed["unit"].strip()) == (metric["family"], metric["unit"])
    assert listed["bad"] == {"both": "either"}.get(metric["breaches"], metric["breaches"])
    page = (PAGES / listed["page"]).read_text(encoding="utf-8")
    title = page.splitlines()[0]
    assert f"`{metric['metric']}`" in title or re.search(r"`(macro|weighted|micro)_…`", title), title
    for section in ("## What it is", "## How to read it", "## When it lies", "## What to do"):
        assert section in page, f"{listed['page']} has no section {section!r}"


def test_nothing_else_is_listed() -> None:
    assert LISTED.keys() - {metric["metric"] for metric in CATALOGUE} == set()
