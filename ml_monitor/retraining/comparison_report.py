"""The report of one comparison, as a page for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2

from ml_monitor.retraining.artifacts import written_whole
from ml_monitor.retraining.comparison import METRICS, Comparison, is_better, is_worse
from ml_monitor.retraining.ledger import ModelVersion, Snapshot
from ml_monitor.retraining.policy import Run
from ml_monitor.retraining.spec import MonitorSpec
from ml_monitor.retraining.verdict import judge

_HALF = 110
"""Half the width of an interval's drawing."""

Curves = Mapping[str, Sequence[Mapping[str, float | int]]]


def write_comparison(
    directory: Path,
    spec: MonitorSpec,
    run: Run,
    candidate: ModelVersion,
    snapshot: Snapshot,
    comparisons: Sequence[Comparison],
    curves: Curves,
) -> Path:
    """Write `evaluation.html` and `evaluation.json`.

    Args:
        directory: The candidate's.
        spec: The monitor.
        run: The run whose candidate was compared.
        candidate: The challenger.
        snapshot: Its dataset.
        comparisons: All of them.
        curves: Calibration by version; empty where scores are no probabilities.

    Returns:
        The page.
    """
    won, words = judge(comparisons, spec, champion=run.champion_version, challenger=run.candidate_version)
    environment = json.loads(snapshot.environment or "{}")
    facts = {
        "trigger": f"{run.trigger_kind}: {run.trigger_reason}",
        "training run": run.training_run_id,
        "trainer": candidate.trainer,
        "hyperparameters": candidate.hyperparameters or "the model does not tell",
        "model file": f"sha256 {candidate.artifact_sha256}",
        "dataset": f"{snapshot.row_count:,} rows, sha256 {snapshot.content_sha256}",
        "labels known at": f"{snapshot.label_cutoff:%Y-%m-%d %H:%M} UTC",
        "features": ", ".join(json.loads(snapshot.feature_list)),
        "python": environment.get("python"),
        "system": environment.get("system"),
        "git commit": environment.get("git_commit") or "not in a repository",
    }
    content: dict[str, Any] = {
        "monitor": spec.name,
        "task": spec.task,
        "champion": run.champion_version,
        "challenger": run.candidate_version,
        "challenger_wins": won,
        "verdict": words,
        "comparisons": [asdict(one) for one in comparisons],
        "calibration": {version: list(curve) for version, curve in curves.items()},
        "facts": facts,
        "environment": environment,
    }
    with written_whole(directory / "evaluation.json") as draft:
        draft.write_text(json.dumps(content, indent=2), encoding="utf-8")
    pages = jinja2.Environment(loader=jinja2.PackageLoader("ml_monitor.retraining"), autoescape=True)
    page = pages.get_template("evaluation.html.j2").render(
        **{name: content[name] for name in ("monitor", "task", "champion", "challenger", "verdict", "facts")},
        rows=next(one.sample_size for one in comparisons if one.segment == "__all__"),
        lines=_lines(spec, comparisons),
        curves=curves,
        bins=max((len(curve) for curve in curves.values()), default=0),
    )
    path = directory / "evaluation.html"
    with written_whole(path) as draft:
        draft.write_text(page, encoding="utf-8")
    return path


def _lines(spec: MonitorSpec, comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    metrics = {metric.name: metric for metric in METRICS[spec.task]}
    order = list(metrics)
    widest = {
        name: max(
            (abs(b) for c in comparisons if c.metric == name for b in (c.lower_bound, c.upper_bound) if b is not None),
            default=0,
        )
        for name in order
    }
    lines = []
    for one in sorted(comparisons, key=lambda c: (c.segment != "__all__", order.index(c.metric), c.segment, c.segment_value)):
        metric, reach = metrics[one.metric], widest[one.metric] or 1.0
        low, high = one.lower_bound, one.upper_bound
        drawn = low is not None and high is not None

        def place(value: float | None, reach: float = reach) -> float:
            return round(_HALF + (value or 0.0) / reach * (_HALF - 6), 1)

        lines.append(
            {
                "metric": one.metric,
                "slice": "" if one.segment == "__all__" else f"{one.segment} = {one.segment_value}",
                "rows": one.sample_size,
                "champion": _number(one.champion_value),
                "challenger": _number(one.challenger_value),
                "difference": _number(one.difference, "+"),
                "interval": f"[{low:+.4f}, {high:+.4f}]" if drawn else "",
                "from": place(low) if drawn else None,
                "to": place(high),
                "at": place(one.difference),
                "p": "" if one.p_value is None else f"{one.p_value:.2g}",
                "tone": "better" if is_better(metric, one) else "worse" if is_worse(metric, one) else "",
            }
        )
    return lines


def _number(value: float | None, sign: str = "") -> str:
    return "" if value is None else f"{value:{sign}.4f}"
