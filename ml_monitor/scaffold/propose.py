"""Features that a live log offers."""

from collections.abc import Mapping
from dataclasses import dataclass

from ml_monitor.scaffold.columns import columns_of, kind_of
from ml_monitor.scaffold.monitor import ScaffoldError
from ml_monitor.settings import DbtProject
from ml_monitor.warehouse import Warehouse

_TYPES = {"number": "numeric", "text": "categorical", "boolean": "categorical"}
# Columns that every log has, with their default names; the label may come with the feedback.
_ROLES = {
    "prediction_id": "prediction_id",
    "predicted_at": "predicted_at",
    "model_version": "model_version",
    "score": "y_score",
    "prediction": "y_pred",
}
_NO_FEATURES = frozenset(_ROLES.values()) | {"label", "labelled_at", "loaded_at"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Features with their types, the columns that were left out, with the reason, and the roles (with the default name of their
    column) that no column has by its name."""

    features: Mapping[str, str]
    left_out: Mapping[str, str]
    roles_to_name: Mapping[str, str]


def propose(warehouse: Warehouse, project: DbtProject, predictions: str) -> Proposal:
    """Features for a monitor of a log, by the types of its columns.

    Raises:
        ProjectError: The project has no such relation.
        ScaffoldError: The relation is not built yet, or has no column that can be a feature.
    """
    relation = project.relation(predictions)
    columns = columns_of(warehouse, relation)
    if not columns:
        raise ScaffoldError(f"{relation.quoted} is not in {warehouse.place}: build it first, then run again")
    features: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for column, data_type in columns.items():
        kind = kind_of(data_type)
        if column.lower() in _NO_FEATURES:
            left_out[column] = "not a feature"
        elif column.lower() == "id" or column.lower().endswith("_id"):
            left_out[column] = "looks like an id"
        elif kind not in _TYPES:
            left_out[column] = f"type {data_type}"
        else:
            features[column] = _TYPES[kind]
    if not features:
        raise ScaffoldError(f"{relation.quoted} has no column that can be a feature: {', '.join(columns)}")
    present = {column.lower() for column in columns}
    return Proposal(features, left_out, {role: name for role, name in _ROLES.items() if name not in present})
