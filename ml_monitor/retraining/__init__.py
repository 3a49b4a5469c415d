"""Retraining: decide, freeze the data, train, compare with the champion, promote or keep, roll back.

Each step is a function that can be called alone and again; `retrain` does all of them.
"""

from ml_monitor.retraining.comparison import Comparison, compare
from ml_monitor.retraining.errors import (
    ArtifactError,
    GateError,
    RegistryError,
    RegistryUnreachable,
    RetrainingError,
    RunInFlight,
    TrainerError,
    TrainerTimeout,
)
from ml_monitor.retraining.evaluation import Evaluation, evaluate_candidate
from ml_monitor.retraining.gate import GateResult, check_gate
from ml_monitor.retraining.gate_suite import write_suite
from ml_monitor.retraining.guard import Guard, check_guards, guards_of
from ml_monitor.retraining.ledger import ModelVersion, Snapshot, take_up
from ml_monitor.retraining.policy import Decision, Run, Trigger, decide
from ml_monitor.retraining.promotion import (
    RollbackResult,
    approve,
    champion,
    promote_candidate,
    register_version,
    reject,
    rollback,
)
from ml_monitor.retraining.registry import mirror, publish_candidate
from ml_monitor.retraining.run import RetrainResult, plan, record_decision, resume_run, retrain, start_run
from ml_monitor.retraining.snapshots import load_snapshot, take_snapshot
from ml_monitor.retraining.spec import GuardPolicy, MonitorSpec, RetrainingPolicy, load_spec
from ml_monitor.retraining.training import load_model, train_candidate
from ml_monitor.retraining.user_code import BinaryModel, Model, RegressionModel, Trainer
from ml_monitor.retraining.verdict import judge

__all__ = [
    "ArtifactError",
    "BinaryModel",
    "Comparison",
    "Decision",
    "Evaluation",
    "GateError",
    "GateResult",
    "Guard",
    "GuardPolicy",
    "Model",
    "ModelVersion",
    "MonitorSpec",
    "RegistryError",
    "RegistryUnreachable",
    "RegressionModel",
    "RetrainResult",
    "RetrainingError",
    "RetrainingPolicy",
    "RollbackResult",
    "Run",
    "RunInFlight",
    "Snapshot",
    "Trainer",
    "TrainerError",
    "TrainerTimeout",
    "Trigger",
    "approve",
    "champion",
    "check_gate",
    "check_guards",
    "compare",
    "decide",
    "evaluate_candidate",
    "guards_of",
    "judge",
    "load_model",
    "load_snapshot",
    "load_spec",
    "mirror",
    "plan",
    "promote_candidate",
    "publish_candidate",
    "record_decision",
    "register_version",
    "reject",
    "resume_run",
    "retrain",
    "rollback",
    "start_run",
    "take_snapshot",
    "take_up",
    "train_candidate",
    "write_suite",
]
