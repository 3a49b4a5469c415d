"""Retention: rows of logs and events that are older than the policy are deleted, and what was deleted is recorded."""

from ml_monitor.retention.policy import Deletion, RetentionError, apply, plan

__all__ = ["Deletion", "RetentionError", "apply", "plan"]
