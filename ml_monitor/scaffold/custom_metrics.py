"""Whether the SQL of a custom metric is one aggregate expression over known columns.

dbt refuses what is unsafe by its words alone, because Jinja has no parser. Here the expression is parsed, so that
what the warehouse would refuse in the middle of a run has a message too.
"""

from collections.abc import Collection, Iterator
from itertools import pairwise

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import SqlglotError

from ml_monitor.errors import MlMonitorError

# The same words as in the dbt package (`custom_words`): a test holds them together.
AGGREGATES = ("sum", "count", "min", "max", "avg")
FUNCTIONS = ("abs", "coalesce", "nullif", "greatest", "least", "round", "floor", "ceil", "lower", "upper", "trim", "length")
KEYWORDS = ("case", "when", "then", "else", "end", "and", "or", "not", "is", "null", "in", "between", "like", "true", "false")

_AGGREGATE_NODES = (exp.Sum, exp.Count, exp.Min, exp.Max, exp.Avg)
_FUNCTION_NODES = (
    *(exp.Abs, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Round, exp.Floor, exp.Ceil),
    *(exp.Lower, exp.Upper, exp.Trim, exp.Length),
)
_OTHER_NODES = (
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Paren, exp.Is, exp.In, exp.Between, exp.Like, exp.Case, exp.If),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.And, exp.Or, exp.Not),
    *(exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean),
)
# What people reach for, with the reason why not.
_REFUSED = (
    ((exp.Query, exp.Exists), "is a subquery"),
    ((exp.Window,), "is a window function"),
    ((exp.WithinGroup, exp.Order, exp.Distinct), "cannot be merged over windows"),
    ((exp.Filter,), "is a filter; write case when … end inside the aggregate"),
    ((exp.Cast, exp.Interval), "is of a type of its own; columns are taken as the log has them"),
)


class CustomMetricError(MlMonitorError):
    """The SQL of a custom metric is not one aggregate expression over known columns."""


def validate(sql: str, columns: Collection[str], dialect: str) -> exp.Expr:
    """Parse the SQL of a custom metric.

    Args:
        sql: As configured.
        columns: What it may name, exactly so: the columns of the log, and the label.
        dialect: `duckdb` or `postgres`.

    Returns:
        The expression, with its columns quoted.

    Raises:
        CustomMetricError: What is wrong, at which fragment, and what is allowed.
    """
    try:
        tokens = sqlglot.tokenize(sql, read=dialect)
        _check_tokens(tokens, sql)
        expression = sqlglot.parse_one(sql, read=dialect)
    except SqlglotError as error:
        raise CustomMetricError(f"{sql.strip() or 'nothing'!r} is not one SQL expression") from error
    for node in expression.walk():
        _check_node(node, dialect)
    _check_names(tokens)
    aggregates = list(expression.find_all(*_AGGREGATE_NODES))
    if not aggregates:
        raise CustomMetricError(f"{expression.sql(dialect)} has no aggregate. Allowed: {', '.join(AGGREGATES)}.")
    for aggregate in aggregates:
        outer = aggregate.find_ancestor(*_AGGREGATE_NODES)
        if outer is not None:
            raise CustomMetricError(f"{outer.sql(dialect)} is an aggregate of the aggregate {aggregate.sql(dialect)}")
    for column in expression.find_all(exp.Column):
        if column.table or column.name not in columns:
            raise CustomMetricError(f"{column.sql(dialect)} is no column of the log. Allowed: {', '.join(columns)}.")
        if column.find_ancestor(*_AGGREGATE_NODES) is None:
            raise CustomMetricError(f"{column.sql(dialect)} stands outside an aggregate. Allowed: {', '.join(AGGREGATES)}.")
        column.this.set("quoted", True)
    return expression


def _check_tokens(tokens: list[Token], sql: str) -> None:
    """Refuse what the tree does not show: comments, and the end of a statement."""
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            raise CustomMetricError("; is not allowed: one expression, no statements")
        if token.comments:
            raise CustomMetricError(f"the comment {token.comments[0].strip()!r} is not allowed")
    if "\\" in sql:
        raise CustomMetricError("\\ is not allowed: it means another thing in every warehouse")


def _check_names(tokens: list[Token]) -> None:
    """Refuse the other names of allowed functions, which not every warehouse has."""
    for token, following in pairwise(tokens):
        is_call = following.token_type is TokenType.L_PAREN and token.token_type is not TokenType.IDENTIFIER
        word = token.text.lower()
        if is_call and word.isidentifier() and word not in (*AGGREGATES, *FUNCTIONS, *KEYWORDS):
            raise CustomMetricError(f"{token.text}() is not allowed. Allowed: {', '.join((*AGGREGATES, *FUNCTIONS))}.")


def _check_node(node: exp.Expr, dialect: str) -> None:
    fragment = node.sql(dialect)
    for refused, reason in _REFUSED:
        if isinstance(node, refused):
            raise CustomMetricError(f"{fragment} {reason}")
    if isinstance(node, exp.Star):
        if not isinstance(node.parent, exp.Count):
            raise CustomMetricError("* is only allowed in count(*)")
        return
    if not isinstance(node, (*_AGGREGATE_NODES, *_FUNCTION_NODES, *_OTHER_NODES)):
        raise CustomMetricError(f"{fragment} is not allowed. Allowed: {', '.join((*AGGREGATES, *FUNCTIONS, *KEYWORDS))}.")
    surplus = [name for name in _surplus(node) if node.args.get(name)]
    if surplus:
        raise CustomMetricError(f"{fragment} has one argument too many")


def _surplus(node: exp.Expr) -> Iterator[str]:
    """Arguments that not every warehouse understands: `round(x, 2)`, `count(a, b)`, `trim(both 'x' from a)`."""
    if isinstance(node, _AGGREGATE_NODES):
        yield from ("expressions", "count", "having")
    elif isinstance(node, _FUNCTION_NODES):
        yield from ("decimals", "position", "collation", "to")
