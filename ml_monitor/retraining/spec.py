"""What retraining needs of a monitor's declaration, read from `ml_monitor__monitors.spec`."""

# ruff: noqa: S608 - only quoted names are put into SQL; values are bound

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ml_monitor.retraining.errors import RetrainingError
from ml_monitor.warehouse import Warehouse

Task = Literal["binary", "regression"]
TriggerKind = Literal["drift", "performance", "custom", "labels", "schedule"]
FeatureType = Literal["numeric", "categorical"]


class RetrainingPolicy(BaseModel):
    """The `retraining` block of a monitor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trainer: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    """Dotted path `module:function`, importable from the project directory."""
    triggers: tuple[TriggerKind, ...] = ("performance",)
    cooldown_days: float = Field(default=28, ge=0)
    """Days after a finished run in which no trigger starts another one."""
    min_new_labels: int = Field(default=1000, ge=1)
    every_days: int = Field(default=90, ge=1)
    holdout_days: float = Field(default=14, gt=0)
    """The newest days of labelled predictions, kept for the comparison."""
    train_days: float | None = Field(default=None, gt=0)
    """Train on this many days before the holdout; all of them if not set."""
    promotion: Literal["auto", "manual"] = "manual"
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
    features: dict[str, FeatureType]
    segments: tuple[str, ...] = ()
    segment_columns: dict[str, tuple[str, ...]] = {}
    """The columns that each segment is made of; more than one when they are crossed."""
    retraining: RetrainingPolicy | None = None

    @field_validator("features", mode="before")
    @classmethod
    def _types_only(cls, features: Any) -> Any:
        if not isinstance(features, dict):
            return features
        return {name: kind["type"] if isinstance(kind, dict) else kind for name, kind in features.items()}

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
        return MonitorSpec.model_validate_json(specs[monitor])
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise RetrainingError(f"monitor '{monitor}': {problems}") from error
