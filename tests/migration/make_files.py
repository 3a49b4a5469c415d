"""The files of the other tools, written by the tools themselves.

Run once, each part in the tool's own environment (`bench/peers/environments.py` makes them); what it wrote is kept beside it:

    python -m bench.peers.environments evidently_report   # or any environment with the versions named below
    .bench/evidently_report/bin/python tests/migration/make_files.py evidently    # evidently 0.7.23
    .bench/nannyml_drift/bin/python tests/migration/make_files.py nannyml         # nannyml 0.13.1
    .bench/whylogs_profiles/bin/python tests/migration/make_files.py whylogs      # whylogs 1.6.4
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

FILES = Path(__file__).parent / "files"


def log(n: int = 1000) -> pd.DataFrame:
    """A churn log with labels."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "tenure": rng.gamma(2, 12, n).round(2),
            "age": rng.integers(18, 90, n),
            "plan": rng.choice(["basic", "plus"], n),
            "target": rng.integers(0, 2, n),
            "prediction": rng.integers(0, 2, n),
            "score": rng.random(n).round(4),
        }
    )


def evidently() -> None:
    """A report with presets, single metrics and tests."""
    from evidently import BinaryClassification, DataDefinition, Dataset, Report
    from evidently.metrics import (
        CategoryCount,
        F1Score,
        InListValueCount,
        MissingValueCount,
        OutRangeValueCount,
        RocAuc,
        RowCount,
        StdValue,
        ValueDrift,
    )
    from evidently.presets import DataDriftPreset
    from evidently.tests import eq, gt, gte, lt, lte

    definition = DataDefinition(
        numerical_columns=["tenure", "age"],
        categorical_columns=["plan"],
        classification=[BinaryClassification(target="target", prediction_labels="prediction", prediction_probas="score")],
    )
    report = Report(
        [
            DataDriftPreset(columns=["tenure", "age", "plan"], method="psi", threshold=0.2),
            ValueDrift(column="tenure", method="wasserstein", threshold=0.15),
            ValueDrift(column="age", method="ks", threshold=0.05),
            ValueDrift(column="plan", method="jensenshannon", threshold=0.1),
            MissingValueCount(column="plan", share_tests=[lte(0.1)], tests=[eq(0)]),
            OutRangeValueCount(column="age", left=18, right=100),
            InListValueCount(column="plan", values=["basic", "plus"]),
            CategoryCount(column="plan", category="plus", share_tests=[gt(0.2)]),
            StdValue(column="tenure", tests=[lt(40)]),
            RowCount(tests=[gte(500)]),
            RocAuc(tests=[gte(0.45)]),
            F1Score(tests=[gt(0.3, is_critical=False)]),
        ],
        include_tests=True,
    )
    current, reference = (Dataset.from_pandas(log(), data_definition=definition) for _ in range(2))
    report.run(current, reference).save_json(str(FILES / "evidently.json"))


def nannyml() -> None:
    """A configuration that NannyML's own parser accepts; it has no writer."""
    from nannyml.config import Config

    text = (FILES / "nannyml.yaml").read_text()
    parsed = Config.parse(text)
    print("accepted:", [calculator.type for calculator in parsed.calculators])


def whylogs() -> None:
    """The table of a profile, and a report of constraints on it."""
    import whylogs as why
    from whylogs.core.constraints import ConstraintsBuilder
    from whylogs.core.constraints.factories import (
        frequent_strings_in_reference_set,
        is_in_range,
        mean_between_range,
        no_missing_values,
        null_percentage_below_number,
        smaller_than_number,
    )

    view = why.log(log()[["tenure", "age", "plan"]]).view()
    view.to_pandas().to_json(FILES / "whylogs_profile.json", orient="index", default_handler=str)
    builder = ConstraintsBuilder(view)
    for constraint in (
        no_missing_values("plan"),
        is_in_range("age", 0, 120),
        smaller_than_number("tenure", 600.5),
        null_percentage_below_number("tenure", 0.1),
        frequent_strings_in_reference_set("plan", {"basic", "plus"}),
        mean_between_range("age", 30, 70),
    ):
        builder.add_constraint(constraint)
    (FILES / "whylogs_constraints.json").write_text(json.dumps(builder.build().generate_constraints_report()))


if __name__ == "__main__":
    FILES.mkdir(exist_ok=True)
    globals()[sys.argv[1]]()
