"""The SQL that the page on BI tools gives: every statement is run."""

import re

import pytest

from tests.project import REPOSITORY, PostgresProject

PAGE = (REPOSITORY / "docs" / "how_to" / "connect_a_bi_tool.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
STATEMENTS = [
    *(("sql", text) for kind, text in BLOCKS if kind == "sql"),
    *(
        ("lookml", one)
        for kind, text in BLOCKS
        if kind == "lookml"
        for one in re.findall(r"sql:\s*(select .*?);;", text, re.DOTALL)
    ),
    *(("m", one) for kind, text in BLOCKS if kind == "m" for one in re.findall(r'"(select [^"]*)"', text)),
]


def test_the_page_has_statements_of_every_tool() -> None:
    assert {kind: [k for k, _ in STATEMENTS].count(kind) for kind in ("sql", "lookml", "m")} == {"sql": 3, "lookml": 2, "m": 1}


@pytest.mark.parametrize("statement", [text for _, text in STATEMENTS])
def test_each_statement_answers(postgres: PostgresProject, statement: str) -> None:
    own = statement.replace("ml_monitor.ml_monitor__", "main_ml_monitor.ml_monitor__")
    without = re.sub(r"\[\[.*?\]\]", "", own)
    chosen = own.replace("[[", "").replace("]]", "").replace("{{monitor}}", "'churn'")
    assert len(postgres.frame(without)) == len(postgres.frame(chosen))
    # The performance of so short a log is not settled; the columns are what the statement is about.
    assert len(postgres.frame(without)) or "rpt_performance" in own, own


def test_each_view_of_the_page_has_the_columns_that_it_names(postgres: PostgresProject) -> None:
    rows = re.findall(r"^\| [^|]+ \| `(ml_monitor__rpt_\w+)` \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 10
    for view, columns in rows:
        postgres.frame(f"select {', '.join(re.findall('`([a-z_]+)`', columns))} from main_ml_monitor.{view} limit 1")
