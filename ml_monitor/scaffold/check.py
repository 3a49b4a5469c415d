"""Whether the configuration of the monitors fits the live warehouse."""

# ruff: noqa: S608 - only quoted identifiers are put into SQL; values are bound

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from sqlglot import exp

from ml_monitor.scaffold.columns import Kind, columns_of, kind_of
from ml_monitor.scaffold.custom_metrics import CustomMetricError, validate
from ml_monitor.scaffold.monitor import CUSTOM_KIND
from ml_monitor.settings import DbtProject, ProjectError, Relation, utc
from ml_monitor.warehouse import QueryFailed, Warehouse

_NUMBER = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
_EXAMPLES, _EXAMPLE_CHARACTERS = 3, 40


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


class MonitorConfig(BaseModel):
    """The keys of a monitor that name things in the warehouse, with the defaults of the dbt package.

    The other keys are validated by dbt, which knows what they may be.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    predictions: str
    feedback: str | None = None
    task: Literal["binary", "regression"] = "binary"
    prediction_id: str = "prediction_id"
    predicted_at: str = "predicted_at"
    model_version: str | None = "model_version"
    score: str | None = "y_score"
    prediction: str = "y_pred"
    label: str = "label"
    labelled_at: str = "labelled_at"
    loaded_at: str | None = None
    reference: dict[str, Any]
    features: dict[str, FeatureType]
    segments: list[str | list[str]] = []
    metrics: dict[str, CustomMetric] = {}


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
        outcome: tuple[Kind, ...] = ("number",) if config.task == "regression" else ("number", "boolean", "text")
        wanted: list[tuple[str, str | None, tuple[Kind, ...]]] = [
            ("prediction_id", config.prediction_id, ("number", "text")),
            ("predicted_at", config.predicted_at, ("time",)),
            ("model_version", config.model_version, ("number", "text")),
            ("prediction", config.prediction, outcome),
            ("loaded_at", config.loaded_at, ("time",)),
        ]
        if config.task == "binary":
            wanted.append(("score", config.score, ("number",)))
        usable = {key for key, column, kinds in wanted if self._column(key, column, kinds, relation, columns)}
        crossed = ([segment] if isinstance(segment, str) else segment for segment in config.segments)
        for segment in dict.fromkeys(chain.from_iterable(crossed)):
            self._column("segments", segment, ("number", "text", "boolean"), relation, columns)
        texts = self._features(relation, columns)
        self._custom_metrics(relation, columns)
        self._log_rows(relation, usable, texts)

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

    def _custom_metrics(self, relation: Relation, columns: Mapping[str, str]) -> None:
        config, model = self._config, f"{self._name}__{CUSTOM_KIND}"
        if config.metrics and not self._project.has_model(model):
            self._error("metrics", f"there is no model {model}: run `ml-monitor add {self._name}`, then `dbt parse`")
        label = [config.label] if config.feedback else []
        for name, metric in config.metrics.items():
            try:
                self._dry_run(metric.sql, relation, [*columns, *label], label)
            except (CustomMetricError, QueryFailed) as error:
                self._error(f"metrics.{name}.sql", str(error))

    def _dry_run(self, sql: str, relation: Relation, columns: list[str], label: list[str]) -> None:
        """Let the warehouse look at the types, on no rows."""
        dialect = "postgres" if self._warehouse.dialect == "postgresql" else self._warehouse.dialect
        expression = validate(sql, columns, dialect)
        used = {column.name for column in expression.find_all(exp.Column)} or set(columns[:1])
        selected = ", ".join(
            f"cast(null as double precision) as {self._quote(column)}" if column in label else self._quote(column)
            for column in sorted(used)
        )
        text = expression.sql(dialect).replace(":", r"\:")
        empty = f"select {selected} from {relation.quoted} where 1 = 0"
        self._warehouse.query(f"select cast({text} as double precision) as metric_value from ({empty}) as log")

    def _log_rows(self, relation: Relation, usable: set[str], texts: list[str]) -> None:
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
        outcome: tuple[Kind, ...] = ("number",) if config.task == "regression" else ("number", "boolean", "text")
        has_id = self._column("prediction_id", config.prediction_id, ("number", "text"), relation, columns)
        has_time = self._column("labelled_at", config.labelled_at, ("time",), relation, columns)
        has_label = self._column("label", config.label, outcome, relation, columns)
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
            try:
                start, end = utc(str(reference["from"])), utc(str(reference["to"]))
            except ProjectError as error:
                self._error("reference", str(error))
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


def _clip(cell: Any) -> str:
    text = str(cell)
    return text if len(text) <= _EXAMPLE_CHARACTERS else text[: _EXAMPLE_CHARACTERS - 1] + "…"
