"""What retraining needs of a monitor's declaration, read from `ml_monitor__monitors.spec`."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ml_monitor.retraining.errors import RetrainingError
from ml_monitor.warehouse import Warehouse

Task = Literal["binary", "regression"]
TriggerKind = Literal["drift", "performance", "validation", "concept_drift", "custom", "labels", "schedule"]
FeatureType = Literal["numeric", "categorical"]


class GuardPolicy(BaseModel):
    """How a new champion is watched after its promotion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(default=28, ge=1, le=366)
    action: Literal["propose", "rollback", "off"] = "propose"
    """What is done about a champion that is worse than the one before: a person is told, or it is rolled back."""
    min_rows: int = Field(default=200, ge=2)
    """Labelled rows before anything is concluded."""

    @field_validator("action", mode="before")
    @classmethod
    def _yaml_off(cls, action: Any) -> Any:
        """YAML reads a bare `off` as false."""
        return "off" if action is False else action


class RetrainingPolicy(BaseModel):
    """The `retraining` block of a monitor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trainer: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$|^[A-Za-z_][\w.-]*$")
    """Dotted path `module:function`, importable from the project directory, or the name of an entry point of the
    group `ml_monitor.trainers`."""
    parameters: dict[str, Any] = {}
    """Keyword arguments of the trainer."""
    time_limit_minutes: float | None = Field(default=60, gt=0, le=300)
    """How long training, and scoring, may take. The user's code then runs in a process of its own, which is
    killed at the limit. None: in this process, without a limit."""
    triggers: tuple[TriggerKind, ...] = ("performance",)
    drift_windows: int = Field(default=1, ge=1)
    """Windows that drift must be open for before it asks for retraining."""
    tolerance: float = Field(default=0, ge=0)
    """How far the champion may fall below its validation, in units of the metric."""
    over: int | None = Field(default=None, ge=1)
    """Windows over which the champion is compared with its validation; the longest of `rolling` if not set."""
    cooldown_days: float = Field(default=28, ge=0)
    """Days after a finished run in which no trigger starts another one."""
    min_new_labels: int = Field(default=1000, ge=1)
    every_days: int = Field(default=90, ge=1)
    holdout_days: float = Field(default=14, gt=0)
    """The newest days of labelled predictions, kept for the comparison."""
    train_days: float | None = Field(default=None, gt=0)
    """Train on this many days before the holdout; all of them if not set."""
    min_rows: int = Field(default=200, ge=2)
    """Held-out labelled rows before a challenger may win."""
    no_regression: tuple[str, ...] = ("brier",)
    """Metrics on which a winner must not be worse beyond chance; those that the task does not have are left out."""
    promotion: Literal["auto", "manual", "shadow"] = "manual"
    shadow_days: int = Field(default=14, ge=1, le=366)
    """With `promotion: shadow`: days in which a winner has to win again, on rows that came after its training."""
    guard: GuardPolicy = GuardPolicy()
    registry: Literal["mlflow"] | None = None
    """Where versions and their aliases are mirrored; the warehouse stays the truth."""
    registry_name: str | None = Field(default=None, pattern=r"^[\w .-]+$")
    """Name of the registered model; the monitor's name if not set."""
    tracking: Literal["wandb"] | None = None
    """Where evaluations are logged too."""
    gate: str | None = None
    """Suite file, relative to the project directory, that the training rows must meet; none if not set."""
    max_attempts: int = Field(default=2, ge=1)
    """Runs that may fail for one trigger."""


class MonitorSpec(BaseModel):
    """Names and places of one monitor's data. Unknown keys belong to other parts of the package."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    task: Task
    predictions_relation: str
    """Quoted relation text, as dbt wrote it."""
    feedback_relation: str | None = None
    prediction_id: str
    predicted_at: str
    model_version: str | None
    score: str | None
    prediction: str | None
    label: str
    labelled_at: str
    positive: Any = None
    """What counts as 1 in the labels of a binary model, one value or several; words such as yes and true if not set."""
    features: dict[str, FeatureType]
    segments: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    """Segments in which a challenger must not be worse however few rows they have."""
    segment_columns: dict[str, tuple[str, ...]] = {}
    """The columns that each segment is made of; more than one when they are crossed."""
    privacy: dict[str, Any] | None = None
    owner: str | None = None
    retraining: RetrainingPolicy | None = None
    declared: str = Field(default="{}", exclude=True)
    """The whole resolved declaration, as JSON."""

    @field_validator("features", mode="before")
    @classmethod
    def _types_only(cls, features: Any) -> Any:
        if not isinstance(features, dict):
            return features
        return {name: kind["type"] if isinstance(kind, dict) else kind for name, kind in features.items()}

    @property
    def hashes_categories(self) -> bool:
        """Whether the package tables hold hashes in the place of categories."""
        return bool((self.privacy or {}).get("hash_categories"))

    @property
    def minimum_cell(self) -> int:
        """How many rows a figure that people see is made of at least."""
        return int((self.privacy or {}).get("minimum_cell") or 1)

    @property
    def output(self) -> str | None:
        """Column of the log that is compared with the label: the score of a binary model, else the
        prediction."""
        return self.score if self.task == "binary" else self.prediction

    @property
    def policy(self) -> RetrainingPolicy:
        """The `retraining` block.

        Raises:
            RetrainingError: The monitor has none.
        """
        if self.retraining is None:
            raise RetrainingError(
                f"monitor '{self.name}' is not retrained: it has no `retraining` block. "
                f"Add one with at least `trainer: module:function`."
            )
        return self.retraining


def load_spec(warehouse: Warehouse, monitor: str) -> MonitorSpec:
    """The declaration of a monitor, as dbt resolved it.

    Raises:
        RetrainingError: No such monitor, or a `retraining` block with a wrong value.
    """
    rows = warehouse.query(f"select monitor, spec from {warehouse.table('monitors')} order by monitor")
    specs = {row["monitor"]: row["spec"] for row in rows}
    if monitor not in specs:
        raise RetrainingError(f"no monitor '{monitor}'. Allowed: {', '.join(specs) or 'none, run `dbt build`'}.")
    try:
        return MonitorSpec.model_validate_json(specs[monitor]).model_copy(update={"declared": specs[monitor]})
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise RetrainingError(f"monitor '{monitor}': {problems}") from error
