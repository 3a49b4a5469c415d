"""The SQL of a custom metric, as Python reads it and as dbt does."""

import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from ml_monitor.scaffold.custom_metrics import AGGREGATES, FUNCTIONS, KEYWORDS, CustomMetricError, validate
from tests.macros import MacroError, macros

COLUMNS = ["amount", "plan", "is new", "end", "label"]

ALLOWED = [
    "count(*)",
    "sum(amount) / count(*)",
    "avg(amount) * 100",
    "SUM(CASE WHEN plan = 'pro' THEN amount ELSE 0 END) / nullif(Sum(amount), 0)",
    "1 - count(amount) / count(*)",
    'sum(case when "is new" then 1 else 0 end)',
    'max("end") - min("end")',
    "round(coalesce(sum(amount), 0))",
    "count(case when plan in ('a', 'b;--') and amount between 1 and 2 then 1 end) / count(*)",
    "sum(case when lower(plan) like 'o''br%' then -amount end)",
    "sum(amount / label / -2.5e3) / (1 + count(*)) / 2",
    "sum(case when plan is not null and not (amount < 1 or amount >= 2) then 1 end)",
]

REFUSED = {
    "": ["nothing", "no aggregate"],
    "1": ["no aggregate"],
    "amount": ["outside an aggregate", "no aggregate"],
    "sum(amount) / amount": ["amount", "outside an aggregate"],
    "sum(amount), count(*)": ["one", "expression"],
    "sum(amount) as revenue": ["not allowed"],
    "sum(min(amount))": ["aggregate of"],
    "sum(*)": ["count(*)"],
    "*": ["*", "no aggregate"],
    "sum(amount": [""],
    "sum(amount)) + (count(*)": [""],
    "sum(case when amount > 1 then 1)": [""],
    "sum(amount /)": [""],
    "sum(amount) /": [""],
    "sum(amount); drop table x": [";", "not allowed"],
    "sum(amount);": [";", "not allowed"],
    "sum(amount) -- all": ["not allowed"],
    "sum(amount) /* all */": ["not allowed"],
    "sum('amount)": [""],
    "sum(case when plan = 'a\\' then 1 end)": [""],
    "(select 1)": ["select", "SELECT"],
    "sum((select max(x) from secrets))": ["select", "SELECT"],
    "select sum(amount) from raw.predictions": ["select", "SELECT"],
    "drop table predictions": ["drop", "DROP"],
    "sum(amount) over ()": ["over", "OVER"],
    "sum(amount) filter (where plan = 'a')": ["filter"],
    "count(distinct plan)": ["distinct", "DISTINCT"],
    "percentile_cont(0.5) within group (order by amount)": ["percentile_cont", "cannot be merged"],
    "median(amount)": ["median", "MEDIAN"],
    "stddev(amount)": ["stddev", "STDDEV"],
    "sum(random())": ["random", "RANDOM"],
    "sum(amount) + random()": ["random", "RANDOM"],
    "max(now())": ["now", "NOW", "CURRENT_TIMESTAMP"],
    "max(current_date - label)": ["current_date", "CURRENT_DATE", "label"],
    "sum(read_csv('x'))": ["read_csv", "READ_CSV"],
    "sum(unnest(amount))": ["unnest", "UNNEST"],
    "sum(pg_sleep(10))": ["pg_sleep", "PG_SLEEP"],
    "sum(amount::int)": [":", "CAST"],
    "sum(cast(amount as int))": ["cast", "CAST"],
    "sum(amount[1])": ["[", "amount[1]"],
    "sum(amount order by plan)": ["order", "ORDER"],
    "sum($$amount$$)": ["$", "amount"],
    "sum(:amount)": [":", "amount"],
    "sum(amount || plan)": ["|"],
    "sum(ifnull(amount, 1))": ["ifnull"],
    "sum(amount) from predictions": ["from"],
}
ONLY_PYTHON = {
    "sum(amuont)": ["amuont", "Allowed: amount"],
    "sum(Amount)": ["Amount"],
    "sum(predictions.amount)": ["predictions"],
    "sum(round(amount, 2))": ["too many"],
    "count(amount, plan)": ["too many"],
    "max(amount, plan)": ["too many"],
    "sum(trim(both 'x' from plan))": ["too many"],
    "sum(amount plan)": ["not one SQL expression"],
}


def jinja(sql: str) -> dict[str, object]:
    columns: dict[str, str] = {}
    return macros("custom", "adapters").custom_expression("churn", "revenue", sql, "label", columns)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize("sql", ALLOWED)
def test_allowed(sql: str, dialect: str) -> None:
    expression = validate(sql, COLUMNS, dialect)
    assert all(column.this.quoted for column in expression.find_all(exp.Column))
    assert jinja(sql)["parts"]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize(("sql", "words"), [*REFUSED.items(), *ONLY_PYTHON.items()])
def test_refused_by_the_check(sql: str, words: list[str], dialect: str) -> None:
    with pytest.raises(CustomMetricError) as error:
        validate(sql, COLUMNS, dialect)
    if sql in ONLY_PYTHON:
        assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize(("sql", "words"), REFUSED.items())
def test_refused_by_dbt(sql: str, words: list[str]) -> None:
    with pytest.raises(MacroError, match=r"monitor 'churn', key 'metrics\.revenue\.sql': "):
        jinja(sql)


@pytest.mark.parametrize(("sql", "words"), [(sql, words) for sql, words in REFUSED.items() if words != [""]])
@pytest.mark.parametrize("reader", ["python", "dbt"])
def test_the_message_names_what_is_wrong(sql: str, words: list[str], reader: str) -> None:
    with pytest.raises((CustomMetricError, MacroError)) as error:
        validate(sql, COLUMNS, "duckdb") if reader == "python" else jinja(sql)
    assert any(word in str(error.value) for word in words), error.value


def test_both_sides_know_the_same_words() -> None:
    words = macros("custom", "adapters").custom_words()
    assert (*words["aggregates"],) == AGGREGATES
    assert (*words["functions"],) == FUNCTIONS
    assert (*words["keywords"],) == KEYWORDS


numbers = st.integers(-3, 3).map(str)
row_values = st.recursive(
    numbers | st.sampled_from(["amount", '"other one"', "amount / 0"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"case when plan = 'p''o' and {t[0]} > 0 then {t[1]} else 0 end"),
        st.tuples(inner, inner).map(lambda t: f"coalesce(nullif({t[0]}, 1), {t[1]})"),
    ),
    max_leaves=5,
)
aggregates = st.one_of(st.just("count(*)"), st.tuples(st.sampled_from(AGGREGATES), row_values).map(lambda t: f"{t[0]}({t[1]})"))
expressions = st.recursive(
    aggregates,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner | numbers).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"{t[0]} / -{t[1]} / case when {t[1]} is null then 2 else 1 end"),
        inner.map(lambda t: f"abs({t})"),
    ),
    max_leaves=4,
)
# Three windows of rows, with NULLs, and one window without any number.
ROWS = [
    (1, 2.0, 1.0, "p'o"),
    (1, None, 2.0, "x"),
    (1, -1.5, 0.0, "p'o"),
    (2, 0.0, 3.0, None),
    (2, 4.25, None, "p'o"),
    (3, None, None, "x"),
]


@settings(max_examples=150, deadline=None)
@given(expressions)
def test_the_parts_of_windows_merge_to_the_value_over_all_rows(sql: str) -> None:
    """The oracle is the expression over all rows, its divisions made safe by sqlglot's own reading of it."""
    columns: dict[str, str] = {}
    done = macros("custom", "adapters").custom_expression("churn", "revenue", sql, None, columns)
    parsed = validate(sql, ["amount", "other one", "plan"], "duckdb")
    # from the inside out, because what is replaced takes what is in it along
    for division in reversed(list(parsed.find_all(exp.Div))):
        division.expression.replace(exp.Nullif(this=division.expression.copy(), expression=exp.Literal.number(0)))
    with duckdb.connect() as connection:
        connection.execute('create table log (w int, amount double, "other one" double, plan varchar)')
        connection.executemany("insert into log values (?, ?, ?, ?)", ROWS)
        (expected,) = connection.execute(f"select cast({parsed.sql('duckdb')} as double) from log").fetchone()
        aliases = ", ".join(f'"{column}" as x{i + 1}' for i, column in enumerate(columns))
        parts = ", ".join(f"{p['function']}({p['argument']}) as p{i + 1}" for i, p in enumerate(done["parts"]))
        merged = ", ".join(f"cast({p['merge']}(p{i + 1}) as double) as part_{i + 1}" for i, p in enumerate(done["parts"]))
        source = f"(select w{', ' + aliases if aliases else ''} from log)"
        (actual,) = connection.execute(
            f"select cast({done['value']} as double) from (select {merged} from (select w, {parts} from {source} group by w))"
        ).fetchone()
    assert actual == pytest.approx(expected, nan_ok=True)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "sum(",
                "count(*)",
                "(",
                ")",
                "case",
                "end",
                "amount",
                "/",
                "-",
                ",",
                ";",
                "'",
                '"',
                "--",
                "select",
                "from",
                "1",
                "then",
                "when",
                "over (",
            ]
        ),
        max_size=12,
    )
)
def test_what_dbt_accepts_cannot_leave_its_brackets(words: list[str]) -> None:
    sql = " ".join(words)
    try:
        done = macros("custom", "adapters").custom_expression("churn", "revenue", sql, None, {})
    except MacroError:
        return
    for text in [done["value"], *(part["argument"] for part in done["parts"])]:
        text, depth = re.sub("'(?:[^']|'')*'", "a_text", text), 0
        assert "'" not in text
        for character in text:
            depth += (character == "(") - (character == ")")
            assert depth >= 0, text
            assert not (character == "," and depth == 0), text
        assert depth == 0, text
        assert not any(word in text for word in (";", "--", "select", "from")), text
