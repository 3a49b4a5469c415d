"""Grafana's dashboards as the tests read them: queries with macros and variables put in as Grafana does."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.project import REPOSITORY

DASHBOARDS = sorted((REPOSITORY / "grafana" / "dashboards").glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def queries(dashboard: Mapping[str, Any], key: str) -> Iterator[tuple[str, str, str]]:
    """(title, format, query) of every panel that has one under `key`: `rawSql` or `expr`."""
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            if key in target:
                yield panel["title"], target["format"], target[key]


def sql(query: str, schema: str, values: Mapping[str, list[str]], since: str, until: str) -> str:
    """The SQL that Grafana sends: `sqlstring` quotes every value and doubles the quotes in it."""

    def quoted(match: re.Match[str]) -> str:
        return ", ".join("'" + value.replace("'", "''") + "'" for value in values[match[1]])

    query = query.replace("${schema}", schema)
    query = re.sub(r"\$\{(\w+):sqlstring\}", quoted, query)
    query = re.sub(r"\$__timeFilter\(([\w.]+)\)", rf"\1 between '{since}' and '{until}'", query)
    assert "$" not in query, query
    return query
