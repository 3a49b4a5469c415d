"""Retraining: decide, freeze the data, train, compare with the champion, promote or keep, roll back.

Each step is a function that can be called alone and again; `retrain` does all of them.
"""

from ml_monitor.retraining.comparison import Comparison, compare
from ml_monitor.retraining.errors import ArtifactError, GateError, RetrainingError, TrainerError
from ml_monitor.retraining.evaluation import Evaluation, evaluate_candidate
from ml_monitor.retraining.gate import GateResult, check_gate
from ml_monitor.retraining.gate_suite import write_suite
from ml_monitor.retraining.ledger import ModelVersion, Snapshot
from ml_monitor.retraining.policy import Decision, Run, Trigger, decide
from ml_monitor.retraining.promotion import (
    RollbackResult,
    approve,
    champion,
    judge,
    promote_candidate,
    register_version,
    rollback,
)
from ml_monitor.retraining.run import RetrainResult, plan, resume_run, retrain, start_run
from ml_monitor.retraining.snapshots import load_snapshot, take_snapshot
from ml_monitor.retraining.spec import MonitorSpec, RetrainingPolicy, load_spec
from ml_monitor.retraining.training import (
    BinaryModel,
    Model,
    RegressionModel,
    Trainer,
    load_model,
    train_candidate,
)

__all__ = [
    "ArtifactError",
    "BinaryModel",
    "Comparison",
    "Decision",
    "Evaluation",
    "GateError",
    "GateResult",
    "Model",
    "ModelVersion",
    "MonitorSpec",
    "RegressionModel",
    "RetrainResult",
    "RetrainingError",
    "RetrainingPolicy",
    "RollbackResult",
    "Run",
    "Snapshot",
    "Trainer",
    "TrainerError",
    "Trigger",
    "approve",
    "champion",
    "check_gate",
    "compare",
    "decide",
    "evaluate_candidate",
    "judge",
    "load_model",
    "load_snapshot",
    "load_spec",
    "plan",
    "promote_candidate",
    "register_version",
    "resume_run",
    "retrain",
    "rollback",
    "start_run",
    "take_snapshot",
    "train_candidate",
    "write_suite",
]
