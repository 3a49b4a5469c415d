"""Every model and the query of every snapshot, compiled for warehouses that no test can reach, parses there and calls only functions that are known there.

Parsed is not run: sqlglot checks the grammar, and `<dialect>.txt` holds the functions that the warehouse's manual documents.
"""

import importlib.util
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import sqlglot
import yaml
from dbt.adapters.base.impl import BaseAdapter
from dbt.clients.jinja import MacroGenerator
from sqlglot import exp
from sqlglot.tokens import TokenType

from tests.integration.logs import MONITOR
from tests.project import REPOSITORY, Project

# The p-values are nested sums: deeper than Python's limit when they are parsed.
sys.setrecursionlimit(20_000)
HERE = Path(__file__).parent
SECRET = "not-a-secret"
# Words of the grammar that may stand before a bracket.
KEYWORDS = {
    "AND", "AS", "DECIMAL", "ELSE", "EXISTS", "FROM", "GROUP", "GROUPING SETS", "IN", "JOIN", "LATERAL", "NOT", "NUMERIC", "ON", "OPTIONS", "OR", "OVER", "THEN", "VALUES", "WHEN", "WHERE",
}
OUTPUTS: dict[str, dict[str, Any]] = {
    "snowflake": {"account": "a", "user": "u", "password": SECRET, "database": "d", "warehouse": "w"},
    "bigquery": {"method": "oauth-secrets", "token": SECRET, "project": "d", "location": "EU"},
    "databricks": {"host": "localhost", "http_path": "/sql", "token": SECRET, "catalog": "d"},
    "redshift": {"host": "localhost", "port": 5439, "user": "u", "password": SECRET, "dbname": "d"},
    "trino": {"host": "localhost", "port": 8080, "user": "u", "database": "d", "method": "none"},
}
MONITORS = {
    "churn": MONITOR | {"retraining": {"triggers": ["performance", "labels"]}, "thresholds": {"psi": {"warn": 0.1, "alert": 0.25, "test": "material", "segments": {"plan=it's": {"alert": 0.5}}}}, "positive": "it's"},
    "price": {
        "predictions": "raw.prices",
        "labels": {"sources": {"agents": {"votes": "reviewers"}}},
        "behaviour": True,
        "review": {"budget": 10},
        "task": "regression",
        "reference": {"trailing": 4},
        "features": {"it's": "numeric", "back\\slash": "categorical"},
        "window": "week",
        "timezone": "Europe/Berlin",
        "loaded_at": "loaded_at",
        "lookback": 8,
        "lower": "low",
        "upper": "high",
    },
    "kind": {
        "predictions": "raw.kinds",
        "labels": {"sources": {"desk": {"relation": "raw.kind_labels", "reviewer": "who"}}},
        "behaviour": True,
        "review": {"budget": 10, "strategy": "entropy"},
        "task": "multiclass",
        "scores": {"a,b": "s1", "it's": "s2"},
        "reference": {"from": "2026-01-01", "to": "2026-01-02"},
        "features": {"plan": {"type": "categorical", "allowed": ["a", "b"]}},
        "window": "hour",
        "timezone": "Asia/Kolkata",
        "selective": {"action": "shown", "propensity": "chance"},
        "label_drift": True,
    },
    "shop": {
        "predictions": "raw.shown",
        "feedback": "raw.clicks",
        "task": "ranking",
        "score": "score",
        "item": "product",
        "reference": {"same_weekday": 3},
        "features": {"price": {"type": "numeric", "min": 0}},
        "service": {"latency_ms": "took_ms", "error": "failed", "timeout": "timed_out"},
        "thresholds": {"latency_p95": {"alert": 400}, "ndcg": {"rule": "relative", "alert": 0.2}},
    },
    "stay": {
        "predictions": "raw.stays",
        "feedback": "raw.nights",
        "task": "regression",
        "window": "month",
        "rolling": [3],
        "reference": {"first": 4, "per": "model_version"},
        "features": {"nights": "numeric", "room": "categorical"},
        "segments": [{"column": "room", "top": 5, "min_rows": 20}],
        "smoothing": {"floor": 0.0001},
        "selective": {"action": "booked", "propensity": "chance"},
        "label_drift": True,
        "privacy": {"minimum_cell": 10, "hash_categories": False},
    },
    "word": {
        "predictions": "raw.words",
        "feedback": "raw.said",
        "task": "multiclass",
        "window": "hour",
        "rolling": [24],
        "reference": {"same_hour": 3},
        "features": {"length": "numeric"},
        "thresholds": {
            "psi": {"warn": 0.1, "alert": 0.25, "by_segment": True},
            "accuracy": {"rule": "robust", "warn": 3, "alert": 5},
            "macro_f1": {"rule": "relative", "alert": 0.2},
            "mean_shift": {"rule": "sigma", "side": "both", "alert": 3, "features": {"length": {"alert": 4, "clear": 2}}},
            "ks": {"rule": "percentile", "alert": 99},
        },
        "alerting": {"open_after": 2, "open_within": 3, "quiet_hours": {"from": 22, "to": 7, "timezone": "Europe/Berlin"}},
    },
    "parcel": {"predictions": "raw.parcels", "reference": {"previous": 1}, "features": {"weight": "numeric"}, "window": "chunk", "chunk_rows": 500},
    "credit": {
        "predictions": "raw.loans",
        "labels": {
            "sources": {"repaid": {"relation": "raw.repaid"}, "it's": {"priority": 2, "votes": "reviewers"}, "users": {"priority": 3, "trust": 0.5}},
            "rules": {"liked": {"kind": "thumb", "at_least": 1, "means": "right"}, "stayed": {"kind": "dwell", "at_least": 30, "label": 1, "weight": 0.3}},
        },
        "behaviour": {"request_id": "request", "kpis": {"revenue": {"relation": "raw.sales", "at": "day", "value": "amount"}}},
        "review": {"budget": 50, "strategy": "margin", "stratify": "region"},
        "reference": {"previous": 2},
        "features": {"income": "numeric", "age": "numeric", "region": "categorical"},
        "segments": ["region", ["region", "sex"]],
        "multivariate": True,
        "costs": {"fp": 5, "fn": 20},
        "protected": ["region"],
        "comparison": {"on": "case_id"},
        "label_delay": 3,
        "thresholds": {"roc_auc_at_age": {"alert": 0.6}},
        "selective": {"action": "granted", "propensity": "propensity"},
        "error_profile": True,
        "service": {"latency_ms": "took_ms", "status": "http_status", "operational": {"gpu": {"measure": "gpu_share", "service": "it's", "statistic": "p95"}}},
        "metrics": {"volume": {"sql": "sum(amount) / count(*)", "direction": "down"}},
    },
}
# Where dbt looks for a macro before `default__`.
CHAINS = {name: (name,) for name in OUTPUTS} | {"databricks": ("databricks", "spark"), "redshift": ("redshift", "postgres")}
# Asks the warehouse for its columns; is refused where nobody has written the hash.
NOT_COMPILED = {"column_names", "hashed"}
# Where a CTE is computed once for each reader, a plan doubles with every step that reads the one before twice. Where windows are chunks, most are of the one small table of their beginnings.
REPEATING, MOST_READS = ("databricks", "bigquery", "trino"), 1500
# Names of the macros that were called, by dialect.
CALLED: defaultdict[str, set[str]] = defaultdict(set)
# Models that are not of a monitor, and what users write with the package's macros.
MODELS = {
    "exact": "{{ ml_monitor.exact_drift('churn') }}",
    "exact_moving": "{{ ml_monitor.exact_drift('price', features=[\"it's\"], since='2026-01-20', windows=7) }}",
    "months": "{{ ml_monitor.rolled_up_drift('kind', 'month') }}",
    "months_of_quality": "{{ ml_monitor.rolled_up_quality('kind', 'month') }}",
    "months_of_performance": "{{ ml_monitor.rolled_up_performance('kind', 'month') }}",
    **{f"months_of_performance__{step}": f"{{{{ ml_monitor.roll_up_step('kind', 'month', '{step}') }}}}" for step in ("cells", "span_totals", "totals")},
    "months_of_performance__kept": "{{ ml_monitor.keep_roll_up_step('kind', 'month', 'cells') }}",
    "weeks_moving": "{{ ml_monitor.rolled_up_drift('word', 'week') }}",
    "known": "{{ ml_monitor.as_of('ml_monitor__thresholds_history', ['monitor', 'metric', 'span'], '2026-01-10') }}",
    "labels_known": "{{ ml_monitor.labels_as_of('churn', '2026-01-10') }}",
    "restated": "{{ ml_monitor.restatements() }}",
}
REVIEWS = {
    "relation": "raw.reviews",
    "id": ["team", "number"],
    "source": "experts",
    "fixed": {"monitor": "churn", "kind": "correction"},
    "columns": {"prediction_id": "case_id", "label": "answer", "reviewer": "reviewer", "occurred_at": "reviewed_at"},
    "loaded_at": "changed_at",
}
VARIABLES = {"ml_monitor__excluded_periods": "raw.excluded", "ml_monitor__alert_mutes": "raw.mutes", "ml_monitor__feedback_tables": {"reviews": REVIEWS}, "ml_monitor__history_of": ["psi"]}
TABLES = sorted({name.removeprefix("raw.") for monitor in MONITORS.values() for name in (monitor["predictions"], monitor.get("feedback", "raw.feedback"))} | {"kind_labels", "repaid", "sales", "excluded", "mutes", "reviews"})


@pytest.fixture(scope="module", params=list(OUTPUTS))
def dialect(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if importlib.util.find_spec(f"dbt.adapters.{name}"):
        return name
    if os.environ.get("CI"):
        pytest.fail(f"CI needs dbt-{name}: pip install '.[dialects]'")
    pytest.skip(f"dbt-{name} is not installed: pip install '.[dialects]'")


@pytest.fixture(scope="module")
def project(dialect: str, tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp(dialect) / "project", MONITORS, now="", variables=VARIABLES)
    for name, sql in MODELS.items():
        (made.directory / "models" / f"{name}.sql").write_text(sql)
    output = OUTPUTS[dialect] | {"type": dialect, "schema": "s", "threads": 1}
    (made.directory / "profiles.yml").write_text(yaml.safe_dump({"consumer": {"target": "dev", "outputs": {"dev": output}}}))
    tables = [{"name": name} for name in [*TABLES, "reference"]]
    (made.directory / "models" / "sources.yml").write_text(yaml.safe_dump({"sources": [{"name": "raw", "schema": "raw", "tables": tables}]}))
    return made


@pytest.fixture(scope="module", params=["first run", "later run"])
def compiled(request: pytest.FixtureRequest, dialect: str, project: Project) -> Iterator[dict[str, str]]:
    """SQL by model, compiled by the warehouse's own adapter; the one question to the warehouse, whether a table exists, is answered here."""

    def get_relation(adapter: BaseAdapter, database: str | None, schema: str, identifier: str, **_: Any) -> Any:
        path = {"database": database, "schema": schema, "identifier": identifier, "type": "table"}
        return adapter.Relation.create(**path) if request.param == "later run" else None

    called = CALLED[dialect]
    call_macro = MacroGenerator.call_macro

    def noted(macro: MacroGenerator, *arguments: Any, **named: Any) -> Any:
        called.add(macro.macro.name)
        return call_macro(macro, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MacroGenerator, "call_macro", noted)
        importlib.import_module(f"dbt.adapters.{dialect}")
        for adapter in adapters(BaseAdapter):
            if "get_relation" in vars(adapter):
                patch.setattr(adapter, "get_relation", get_relation)
        result = project.dbt("compile", "--no-introspect", "--no-populate-cache")
    assert result.success, result.exception or [f"{r.node.name}: {r.message}" for r in result.result if r.message]
    yield {run.node.name: run.node.compiled_code for run in result.result if run.node.resource_type in ("model", "snapshot")}


def adapters(kind: type) -> Iterator[type]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from adapters(subclass)


def functions(sql: str, dialect: str) -> set[str]:
    """Names of all functions called, as they are written: sqlglot's tree has its own names, which hide what it would translate."""
    tokens = sqlglot.tokenize(sql, dialect=dialect)
    words = {
        word.text.upper()
        for before, word, bracket in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if bracket.token_type == TokenType.L_PAREN
        and word.text[:1].isalpha()
        and word.token_type not in (TokenType.IDENTIFIER, TokenType.STRING)
        # `as rows (one, two)` names columns.
        and before.token_type != TokenType.ALIAS
    }
    return words - KEYWORDS


def decimals(sql: str, dialect: str) -> set[str]:
    """Literals such as 1.0 in a product or quotient: a decimal with one digit in some warehouses, as is then the result. 1e0 is a double."""
    tokens = sqlglot.tokenize(sql, dialect=dialect)
    factors = [pair for pair in pairwise(tokens) if {token.token_type for token in pair} & {TokenType.STAR, TokenType.SLASH}]
    return {token.text for pair in factors for token in pair if token.token_type == TokenType.NUMBER and token.text.endswith(".0")}


def allowed(dialect: str) -> set[str]:
    lines = (HERE / f"{dialect}.txt").read_text().splitlines()
    return {line.split("#")[0].strip().upper() for line in lines} - {""}


@cache
def problems(sql: str, dialect: str) -> list[str]:
    """What is wrong with a model; most are the same in both runs."""
    found = [f"{dialect} has no function {name}" for name in sorted(functions(sql, dialect) - allowed(dialect))]
    found += [f"{number} is a decimal" for number in sorted(decimals(sql, dialect))]
    try:
        tree = sqlglot.parse_one(sql, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.ParseError as error:
        return [*found, f"{dialect} does not parse it: {str(error)[:300]}"]
    if dialect in REPEATING and reads(tree) > MOST_READS:
        found.append(f"{dialect} would read {reads(tree)} tables")
    return found


def reads(query: exp.Expression, known: Mapping[str, int] = MappingProxyType({})) -> int:
    """How many tables are read where each reader of a CTE computes it again; `known`: reads of the CTEs around the query."""
    of_cte = dict(known)
    for stage in query.args["with_"].expressions if query.args.get("with_") else []:
        of_cte[stage.alias] = reads(stage.this, of_cte)

    def of(part: exp.Expression) -> int:
        if part.args.get("with_") and part is not query:
            return reads(part, of_cte)
        here = (1 if part.db else of_cte.get(part.name, 1)) if isinstance(part, exp.Table) else 0
        return here + sum(of(child) for child in part.iter_expressions() if not isinstance(child, exp.With))

    return of(query)


def test_models_parse_and_call_only_known_functions(dialect: str, compiled: dict[str, str]) -> None:
    assert {path.stem for path in (REPOSITORY / "snapshots").glob("*.sql")} < compiled.keys()
    found = [f"{model}: {problem}" for model, sql in sorted(compiled.items()) for problem in problems(sql, dialect)]
    assert not found, "\n".join(found)


def test_what_a_warehouse_writes_differently_is_compiled(dialect: str, compiled: dict[str, str]) -> None:
    """Every macro of the adapter's own; what it writes as all others do, another one of its own may do without."""
    written = {name for path in (REPOSITORY / "macros").rglob("*.sql") for name in re.findall(r"{% macro (\w+?)\(", path.read_text())}
    taken = {}
    for name in written:
        kind, _, base = name.partition("__")
        if base and kind in CHAINS[dialect] and base not in NOT_COMPILED:
            taken[base] = min(taken.get(base, name), name, key=lambda one: CHAINS[dialect].index(one.split("__")[0]))
    assert len(taken) >= 5
    assert sorted(set(taken.values()) - CALLED[dialect]) == []
