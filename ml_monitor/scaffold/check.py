"""Whether the configuration of the monitors fits the live warehouse."""

# ruff: noqa: S608 - only quoted identifiers are put into SQL; values are bound

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from sqlglot import exp

from ml_monitor.scaffold.columns import Kind, columns_of, kind_of
from ml_monitor.scaffold.custom_metrics import CustomMetricError, validate
from ml_monitor.scaffold.monitor import OPTIONAL_KINDS
from ml_monitor.settings import DbtProject, ProjectError, Relation
from ml_monitor.warehouse import QueryFailed, Warehouse

_NUMBER = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
_POSITIVE = ("1", "1.0", "true", "t", "yes", "y")
_NEGATIVE = ("0", "0.0", "false", "f", "no", "n")
_EXAMPLES, _EXAMPLE_CHARACTERS = 3, 40
# What the macro `_iso` allows.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that keeps a monitor from working (`error`) or makes its numbers doubtful (`warning`)."""

    severity: Literal["error", "warning"]
    monitor: str
    key: str
    """Configuration key that the finding is about."""
    message: str
    """What is wrong, where, and what is allowed."""


def _declared_type(declared: Any) -> Any:
    return declared.get("type") if isinstance(declared, dict) else declared


FeatureType = Annotated[Literal["numeric", "categorical"], BeforeValidator(_declared_type)]


class CustomMetric(BaseModel):
    """A metric of the user's own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sql: str


def _segment_columns(declared: Any) -> Any:
    return declared.get("column") or declared.get("columns") if isinstance(declared, dict) else declared


Segment = Annotated[str | list[str], BeforeValidator(_segment_columns)]


class MonitorConfig(BaseModel):
    """The keys of a monitor that name things in the warehouse, with the defaults of the dbt package.

    The other keys are validated by dbt, which knows what they may be.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    predictions: str
    feedback: str | None = None
    task: Literal["binary", "multiclass", "regression", "ranking"] = "binary"
    prediction_id: str = "prediction_id"
    predicted_at: str = "predicted_at"
    model_version: str | None = "model_version"
    score: str | None = "y_score"
    prediction: str = "y_pred"
    label: str = "label"
    labelled_at: str = "labelled_at"
    loaded_at: str | None = None
    positive: Any = None
    scores: dict[Any, str] = {}
    lower: str | None = None
    upper: str | None = None
    expected_error: str | None = None
    query_id: str = "query_id"
    item: str | None = None
    reference: dict[str, Any]
    healthy: dict[str, Any] | None = None
    calibration: dict[str, Any] | None = None
    features: dict[str, FeatureType]
    metrics: dict[str, CustomMetric] = {}
    segments: list[Segment] = []
    multivariate: bool | list[str] = False
    label_drift: bool = False
    chunk_rows: int | None = None
    comparison: dict[str, Any] | None = None
    selective: dict[str, Any] | None = None
    service: dict[str, Any] | None = None
    error_profile: bool | dict[str, Any] = False

    @property
    def together(self) -> list[str]:
        """The features that are looked at together."""
        if isinstance(self.multivariate, list):
            return self.multivariate
        return [name for name, kind in self.features.items() if kind == "numeric"] if self.multivariate else []

    @property
    def outcome_kinds(self) -> tuple[Kind, ...]:
        """What labels and predictions of the task may be."""
        return ("number",) if self.task in ("regression", "ranking") else ("number", "boolean", "text")

    @property
    def positive_words(self) -> tuple[str, ...]:
        """Text in lower case that counts as 1."""
        if self.positive is None:
            return _POSITIVE
        declared = self.positive if isinstance(self.positive, list) else [self.positive]
        words = [str(value).lower() for value in declared]
        return (*words, *(f"{value}.0" for value in declared if type(value) is int))


def check(warehouse: Warehouse, project: DbtProject, now: datetime) -> list[Finding]:
    """Look at every declared monitor in the warehouse.

    One scan of each log, and one more for each column of bad numbers.

    Args:
        warehouse: The warehouse.
        project: Its configuration and manifest.
        now: Monitoring clock: later times in a log are findings.

    Raises:
        WarehouseError: The warehouse cannot be reached. What goes wrong in one relation is a finding.
    """
    findings: list[Finding] = []
    for name, declared in project.monitors.items():
        try:
            config = MonitorConfig.model_validate(declared)
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                key = ".".join(str(part) for part in problem["loc"]) or "(monitor)"
                findings.append(Finding("error", name, key, problem["msg"]))
            continue
        findings += _MonitorCheck(warehouse, project, name, config, now).run()
    return findings


class _MonitorCheck:
    def __init__(self, warehouse: Warehouse, project: DbtProject, name: str, config: MonitorConfig, now: datetime) -> None:
        self._warehouse = warehouse
        self._project = project
        self._name = name
        self._config = config
        self._now = now
        self._findings: list[Finding] = []

    def run(self) -> list[Finding]:
        """All findings of the monitor."""
        predictions = self._open("predictions", self._config.predictions)
        feedback = self._open("feedback", self._config.feedback) if self._config.feedback else None
        self._periods()
        try:
            if predictions:
                self._predictions(*predictions)
            if predictions and feedback:
                self._feedback(*feedback, predictions[0])
            self._reference(predictions)
        except QueryFailed as error:
            self._error("predictions", str(error))
        return self._findings

    def _predictions(self, relation: Relation, columns: Mapping[str, str]) -> None:
        config = self._config
        wanted: list[tuple[str, str | None, tuple[Kind, ...]]] = [
            ("prediction_id", config.prediction_id, ("number", "text")),
            ("predicted_at", config.predicted_at, ("time",)),
            ("model_version", config.model_version, ("number", "text")),
            ("loaded_at", config.loaded_at, ("time",)),
            *self._outcome_columns(),
            *self._service_columns(),
        ]
        usable = {key for key, column, kinds in wanted if self._column(key, column, kinds, relation, columns)}
        crossed = ([segment] if isinstance(segment, str) else segment for segment in config.segments)
        for segment in dict.fromkeys(chain.from_iterable(crossed)):
            self._column("segments", segment, ("number", "text", "boolean"), relation, columns)
        texts = self._features(relation, columns)
        self._optional_models()
        self._custom_metrics(relation, columns)
        self._log_rows(relation, columns, usable, texts)
        if "prediction" in usable:
            self._classes("prediction", config.prediction, relation)

    def _service_columns(self) -> list[tuple[str, str | None, tuple[Kind, ...]]]:
        """The columns that say how a request went."""
        declared: Mapping[str, str] = self._config.service or {}
        flag: tuple[Kind, ...] = ("number", "boolean", "text")
        return [
            (f"service.{key}", declared[key], ("number",) if key == "latency_ms" else flag)
            for key in ("latency_ms", "error", "timeout", "status")
            if key in declared
        ]

    def _outcome_columns(self) -> list[tuple[str, str | None, tuple[Kind, ...]]]:
        """The columns of the prediction log that the task needs."""
        config = self._config
        prediction: tuple[str, str | None, tuple[Kind, ...]] = ("prediction", config.prediction, config.outcome_kinds)
        score: tuple[str, str | None, tuple[Kind, ...]] = ("score", config.score, ("number",))
        limits: list[tuple[str, str | None, tuple[Kind, ...]]] = [
            ("lower", config.lower, ("number",)),
            ("upper", config.upper, ("number",)),
            ("expected_error", config.expected_error, ("number",)),
        ]
        return {
            "binary": [prediction, score],
            "multiclass": [prediction, *((f"scores.{name}", column, ("number",)) for name, column in config.scores.items())],
            "regression": [prediction, *limits],
            "ranking": [score, ("query_id", config.query_id, ("number", "text")), ("item", config.item, ("number", "text"))],
        }[config.task]

    def _classes(self, key: str, column: str, relation: Relation) -> None:
        """Whether both sides of a binary monitor can be told: a class that is neither would be left out of every metric."""
        config = self._config
        if config.task != "binary":
            return
        quoted = self._quote(column)
        rows = self._warehouse.query(f"select distinct {quoted} as class from {relation.quoted} where {quoted} is not null")
        known = {str(row["class"]).lower() for row in rows}
        strange = sorted(known - set(_POSITIVE) - set(_NEGATIVE)) if config.positive is None else []
        if strange:
            examples = ", ".join(repr(_clip(word)) for word in strange[:_EXAMPLES])
            self._error(
                key,
                f"{column} of {relation.quoted} has values that are neither class, e.g. {examples}. "
                f"Allowed: {', '.join(_POSITIVE)} and {', '.join(_NEGATIVE)}, or name the class that counts as 1 in `positive`.",
            )
        elif known and not known & set(config.positive_words):
            allowed = ", ".join(repr(word) for word in config.positive_words)
            self._warning(key, f"no {column} of {relation.quoted} is positive ({allowed}), so there is nothing to find")

    def _features(self, relation: Relation, columns: Mapping[str, str]) -> list[str]:
        """Check the features, and return the numeric ones that are logged as text."""
        texts = []
        for feature, declared in self._config.features.items():
            allowed: tuple[Kind, ...] = ("number", "boolean", "text")
            if not self._column(f"features.{feature}", feature, allowed, relation, columns):
                continue
            if declared == "numeric" and kind_of(columns[feature]) == "text":
                texts.append(feature)
        return texts

    def _optional_models(self) -> None:
        for kind, key in OPTIONAL_KINDS.items():
            model = f"{self._name}__{kind}"
            if getattr(self._config, key, None) and not self._project.has_model(model):
                self._error(key, f"there is no model {model}: run `ml-monitor add {self._name}`, then `dbt parse`")

    def _custom_metrics(self, relation: Relation, columns: Mapping[str, str]) -> None:
        config = self._config
        label = [config.label] if config.feedback else []
        for name, metric in config.metrics.items():
            try:
                self._dry_run(metric.sql, relation, [*columns, *label], label)
            except (CustomMetricError, QueryFailed) as error:
                self._error(f"metrics.{name}.sql", str(error))

    def _dry_run(self, sql: str, relation: Relation, columns: list[str], label: list[str]) -> None:
        """Let the warehouse look at the types."""
        dialect = "postgres" if self._warehouse.dialect == "postgresql" else self._warehouse.dialect
        expression = validate(sql, columns, dialect)
        used = {column.name for column in expression.find_all(exp.Column)} or set(columns[:1])
        selected = ", ".join(
            f"cast(null as double precision) as {self._quote(column)}" if column in label else self._quote(column)
            for column in sorted(used)
        )
        text = expression.sql(dialect).replace(":", r"\:")
        empty = f"select {selected} from {relation.quoted} where 1 = 0"
        self._warehouse.query(f"explain select cast({text} as double precision) as metric_value from ({empty}) as log")

    def _log_rows(self, relation: Relation, columns: Mapping[str, str], usable: set[str], texts: list[str]) -> None:
        config = self._config
        counted = {"n": "count(*)"}
        if "prediction_id" in usable:
            identity = self._quote(config.prediction_id)
            counted["without_id"] = f"count(*) - count({identity})"
            counted["repeated"] = f"count({identity}) - count(distinct {identity})"
        if "predicted_at" in usable:
            moment = self._quote(config.predicted_at)
            counted["without_time"] = f"count(*) - count({moment})"
            counted["future"] = f"sum(case when {moment} > :now then 1 else 0 end)"
        if "score" in usable and config.score and config.task == "binary":
            score = self._quote(config.score)
            counted["outside"] = f"sum(case when {score} < 0 or {score} > 1 then 1 else 0 end)"
        if config.together and all(feature in columns for feature in config.together):
            complete = " and ".join(f"{self._quote(feature)} is not null" for feature in config.together)
            counted["complete"] = f"sum(case when {complete} then 1 else 0 end)"
        for i, feature in enumerate(texts):
            counted[f"unreadable_{i}"] = f"sum(case when {self._unreadable(feature)} then 1 else 0 end)"
        row = self._counts(relation, counted)
        n = row["n"]
        if not n:
            self._warning("predictions", f"{relation.quoted} has no rows: nothing can be monitored yet")
            return
        sentences = {
            "without_id": ("prediction_id", f"no {config.prediction_id}: their labels cannot be found"),
            "repeated": (
                "prediction_id",
                f"a {config.prediction_id} that another row has too; it must be unique",
            ),
            "without_time": ("predicted_at", f"no {config.predicted_at}: they are in no window"),
            "future": (
                "predicted_at",
                f"{config.predicted_at} later than now ({self._now:%Y-%m-%d %H:%M} UTC)",
            ),
            "outside": ("score", f"a {config.score} outside 0 to 1, which are the limits of a probability"),
        }
        for count, (key, sentence) in sentences.items():
            if row.get(count):
                self._warning(key, f"{row[count]} of {n} rows of {relation.quoted} have {sentence}")
        if "complete" in row and row["complete"] * 2 < n:
            found = f"only {row['complete']} of {n} rows of {relation.quoted} have all of {', '.join(config.together)}"
            self._warning("multivariate", f"{found}; the others are left out. List features that are rarely missing.")
        for i, feature in enumerate(texts):
            self._unreadable_numbers(relation, feature, row[f"unreadable_{i}"] or 0, n)

    def _unreadable_numbers(self, relation: Relation, feature: str, count: int, n: int) -> None:
        key, column = f"features.{feature}", self._quote(feature)
        if not count:
            self._warning(key, f"{feature} of {relation.quoted} is text; all {n} values read as numbers, so cast it")
            return
        rows = self._warehouse.query(
            f"select distinct {column} as example from {relation.quoted} where {self._unreadable(feature)} limit {_EXAMPLES}",
            {"number": _NUMBER},
        )
        examples = ", ".join(sorted(repr(_clip(row["example"])) for row in rows))
        message = (
            f"{count} of {n} values of {feature} in {relation.quoted} are text that is no number, "
            f"e.g. {examples}. Allowed for numeric: numbers; else declare it categorical."
        )
        self._findings.append(Finding("error" if count * 2 > n else "warning", self._name, key, message))

    def _feedback(self, relation: Relation, columns: Mapping[str, str], predictions: Relation) -> None:
        config = self._config
        has_id = self._column("prediction_id", config.prediction_id, ("number", "text"), relation, columns)
        has_time = self._column("labelled_at", config.labelled_at, ("time",), relation, columns)
        has_label = self._column("label", config.label, config.outcome_kinds, relation, columns)
        if has_label:
            self._classes("label", config.label, relation)
        if not has_id:
            return
        identity = self._quote(config.prediction_id)
        counted = {"n": "count(*)"}
        if has_label:
            counted["labelled"] = f"count({self._quote(config.label)})"
        if has_time:
            counted["future"] = f"sum(case when {self._quote(config.labelled_at)} > :now then 1 else 0 end)"
        row = self._counts(relation, counted)
        if not row["n"]:
            self._warning("feedback", f"{relation.quoted} has no rows: performance is unknown until labels arrive")
            return
        if row.get("labelled") == 0:
            self._warning("label", f"all {row['n']} rows of {relation.quoted} have NULL in {config.label}")
        if row.get("future"):
            self._warning(
                "labelled_at",
                f"{row['future']} of {row['n']} rows of {relation.quoted} have {config.labelled_at} later "
                f"than now ({self._now:%Y-%m-%d %H:%M} UTC)",
            )
        orphans = self._warehouse.query(
            f"""
            select count(*) as n from {relation.quoted} as feedback
            where not exists (
                select 1 from {predictions.quoted} as predictions
                where predictions.{identity} = feedback.{identity}
            )
            """
        )[0]["n"]
        if orphans:
            self._findings.append(
                Finding(
                    "error" if orphans == row["n"] else "warning",
                    self._name,
                    "feedback",
                    f"{orphans} of {row['n']} labels of {relation.quoted} have a {config.prediction_id} "
                    f"that is not in {predictions.quoted}",
                )
            )

    def _periods(self) -> None:
        for key in ("reference", "healthy", "calibration"):
            declared: Mapping[str, Any] = getattr(self._config, key) or {}
            for end in ("from", "to"):
                if end in declared and _moment(declared[end]) is None:
                    self._error(f"{key}.{end}", f"{declared[end]} is not a date. Allowed: YYYY-MM-DD, YYYY-MM-DD HH:MM:SS.")

    def _reference(self, predictions: tuple[Relation, Mapping[str, str]] | None) -> None:
        reference = self._config.reference
        if "relation" in reference:
            opened = self._open("reference", str(reference["relation"]))
            if opened is None:
                return
            relation, columns = opened
            for feature in self._config.features:
                self._column(f"features.{feature}", feature, ("number", "boolean", "text"), relation, columns)
            if not self._counts(relation, {"n": "count(*)"})["n"]:
                self._error("reference", f"{relation.quoted} has no rows, so there is nothing to compare with")
        elif "from" in reference and "to" in reference and predictions is not None:
            relation, columns = predictions
            if self._config.predicted_at not in columns:
                return
            start, end = _moment(reference["from"]), _moment(reference["to"])
            if start is None or end is None:
                return
            moment = self._quote(self._config.predicted_at)
            found = self._warehouse.query(
                f"select count(*) as n from {relation.quoted} where {moment} >= :start and {moment} < :end_at",
                {"start": start, "end_at": end},
            )[0]["n"]
            if not found:
                self._error("reference", f"{relation.quoted} has no rows from {start} until {end} (excluded)")

    def _open(self, key: str, name: str) -> tuple[Relation, Mapping[str, str]] | None:
        try:
            relation = self._project.relation(name)
        except ProjectError as error:
            self._error(key, str(error))
            return None
        columns = columns_of(self._warehouse, relation)
        if not columns:
            self._error(key, f"{relation.quoted} is not in {self._warehouse.place}: build or load it first")
            return None
        return relation, columns

    def _column(
        self,
        key: str,
        column: str | None,
        kinds: tuple[Kind, ...],
        relation: Relation,
        columns: Mapping[str, str],
    ) -> bool:
        """Whether a configured column is there and of a kind that can be used."""
        if column is None:
            return False
        if column not in columns:
            self._error(key, f"column {column!r} is not in {relation.quoted}. It has: {', '.join(columns)}.")
            return False
        if kind_of(columns[column]) not in kinds:
            allowed = " or ".join(kinds)
            self._error(key, f"column {column!r} of {relation.quoted} is {columns[column]}. Allowed: {allowed}.")
            return False
        return True

    def _counts(self, relation: Relation, counted: Mapping[str, str]) -> dict[str, Any]:
        listed = ", ".join(f"{expression} as {name}" for name, expression in counted.items())
        return self._warehouse.query(f"select {listed} from {relation.quoted}", {"now": self._now, "number": _NUMBER})[0]

    def _unreadable(self, feature: str) -> str:
        column = self._quote(feature)
        return f"{column} is not null and not (cast({column} as varchar) ~ :number)"

    def _quote(self, identifier: str) -> str:
        return self._warehouse.quote(identifier)

    def _error(self, key: str, message: str) -> None:
        self._findings.append(Finding("error", self._name, key, message))

    def _warning(self, key: str, message: str) -> None:
        self._findings.append(Finding("warning", self._name, key, message))


def _moment(declared: Any) -> datetime | None:
    """A date or time of the configuration; None for what is neither."""
    text = str(declared)
    try:
        return datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None


def _clip(cell: Any) -> str:
    text = str(cell)
    return text if len(text) <= _EXAMPLE_CHARACTERS else text[: _EXAMPLE_CHARACTERS - 1] + "…"
