"""What counts as a number in a log, and what does not, is the same in every warehouse."""

from pathlib import Path

import numpy as np
import pytest

from tests.integration.logs import MONITOR, NOW, logs, predictions
from tests.project import PostgresProject, Project

NUMBERS = {"1.5": 1.5, " -2 ": -2.0, "1e3": 1000.0, "5.": 5.0, ".25": 0.25, "1e-400": 0.0, "0.00001E+2": 0.001, "1" + "0" * 140: 1e140}
NO_NUMBERS = ["1" + "0" * 250, "1e400", "-1e400", "1e99999", "9" * 400, "NaN", "inf", "-Infinity", "abc", "", ".", "1.2.3", "1e", "0x1F"]
TEXTS = [*NUMBERS, *NO_NUMBERS, None]


@pytest.mark.parametrize("warehouse", ["duckdb", "postgres"])
def test_numbers_in_text_and_booleans(request: pytest.FixtureRequest, tmp_path: Path, warehouse: str) -> None:
    log = predictions(days=1, rows=len(TEXTS)).assign(amount=TEXTS, flag=[True] * 5 + [False] * (len(TEXTS) - 5))
    reference = predictions(days=1, rows=60, start="2025-12-01").assign(flag=np.arange(60) % 2 == 0)
    options = {"now": NOW, "logs": logs(predictions=log, reference=reference.assign(amount=reference["amount"].astype(str)))}
    monitors = {"churn": MONITOR | {"features": {"amount": "numeric", "flag": "numeric"}, "segments": []}}
    if warehouse == "postgres":
        project: Project = PostgresProject(tmp_path / "project", monitors, server=request.getfixturevalue("postgres_url"), **options)
    else:
        project = Project(tmp_path / "project", monitors, **options)
    project.run("-s", "churn__reference", "churn__feature_profile")
    counted = project.rows(
        "select feature, bin, n, n_valid, value_min, value_max from main_ml_monitor.churn__feature_profile"
        " where feature in ('amount', 'flag') and bin in (0, -1, -2)"
    )
    assert {row[:3] for row in counted} == {
        ("amount", 0, len(TEXTS)), ("amount", -1, 1), ("amount", -2, len(NO_NUMBERS)), ("flag", 0, len(TEXTS)),
    }
    assert {row[0]: row[3:] for row in counted if row[1] == 0} == {
        "amount": (len(NUMBERS), min(NUMBERS.values()), max(NUMBERS.values())), "flag": (len(TEXTS), 0, 1),
    }
