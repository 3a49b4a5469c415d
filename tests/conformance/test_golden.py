"""The golden log against numpy, scipy and scikit-learn: every nasty case through all models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.conformance import golden, outcomes, quality, test_comparison, test_exact, test_selective
from tests.integration.logs import MONITOR, NOW, logs
from tests.project import Project, project_on

SCHEMA = "main_ml_monitor"
MART = f"{SCHEMA}.ml_monitor__"
P_VALUES = {"chi_squared": "p_value", "chi_squared_with_missing": "p_value_with_missing", "chi_squared_without_unseen": "p_value_without_unseen", "ks": "ks_p_value"}


def build(warehouse: str, request: pytest.FixtureRequest, directory: Path) -> Project:
    """One build of everything."""
    project = project_on(warehouse, request, directory, golden.MONITORS, logs=golden.logs(), now=golden.NOW, variables=golden.VARIABLES)
    for name, sql in golden.MODELS.items():
        (project.directory / "models" / f"{name}.sql").write_text(sql)
    project.run()
    return project


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return build(request.param, request, tmp_path_factory.mktemp("golden") / request.param)


def values(project: Project, monitor: str, table: str, column: str = "metric_value", version: str = "__all__", segment: str = "__all__") -> dict[tuple[Any, ...], Any]:
    """(day, span, segment value, feature, metric) -> value."""
    frame = project.frame(f"select model_version, window_start, span, segment, segment_value, feature, metric, {column} as found from {MART}{table} where monitor = '{monitor}'")
    frame = frame[(frame["model_version"] == version) & (frame["segment"] == segment)]
    return {
        (pd.Timestamp(r.window_start), r.span, r.segment_value, r.feature, r.metric): None if pd.isna(r.found) else float(r.found) for r in frame.itertuples()
    }


def agree(actual: dict[tuple[Any, ...], Any], p_values: dict[tuple[Any, ...], Any], found: dict[str, float], key: tuple[Any, ...]) -> int:
    """Values to 1e-9, p-values to 1e-6 of themselves."""
    for metric, name in P_VALUES.items():
        if name in found:
            assert p_values[*key, metric] == pytest.approx(found.pop(name), rel=1e-6, abs=1e-200), (key, metric)
    for metric, number in found.items():
        # The spread of a constant window is what rounding leaves of a difference.
        tolerance = 1e-7 if metric == "std_change" else 1e-9
        assert actual[*key, metric] == pytest.approx(number, rel=1e-9, abs=tolerance), (key, metric)
    return len(found)


@pytest.mark.parametrize("version", ["__all__", "v'1", "v2"])
def test_drift(built: Project, version: str) -> None:
    actual, p_values = (values(built, "nasty", "drift", column, version) for column in ("metric_value", "p_value"))
    compared = 0
    for (day, span), rows in golden.windows(golden.LOG, version):
        for feature in [*golden.NUMERIC, *golden.CATEGORICAL, "score", "prediction"]:
            name = f"__{feature}__" if feature in ("score", "prediction") else feature
            found = golden.drift(golden.REFERENCE, rows, feature)
            compared += agree(actual, p_values, found, (day, span, "__all__", name))
            expected = {metric for metric in found if metric not in P_VALUES.values()}
            there = {key[4] for key, value in actual.items() if key[:4] == (day, span, "__all__", name) and value is not None}
            assert there - {"psi_trailing"} == expected, (day, span, feature)
    assert compared > 3000


def test_drift_with_a_floor(built: Project) -> None:
    actual, p_values = (values(built, "floored", "drift", column) for column in ("metric_value", "p_value"))
    compared = 0
    for (day, span), rows in golden.windows(golden.LOG, spans=(1,)):
        for feature in golden.MONITORS["floored"]["features"]:
            found = golden.drift(golden.REFERENCE, rows, feature, "floor")
            compared += agree(actual, p_values, found, (day, span, "__all__", feature))
    assert compared > 300


@pytest.mark.parametrize(("monitor", "metric", "days"), [("nasty", "psi_trailing", 28), ("moving", "psi", 3)])
def test_drift_against_the_days_before(built: Project, monitor: str, metric: str, days: int) -> None:
    """An excluded day is compared, but nothing with it; what moves has its bins from the first days."""
    excluded = golden.LOG["predicted_at"].dt.normalize() == golden.WOBBLE if monitor == "moving" else pd.Series(False, golden.LOG.index)
    frozen = golden.LOG[(golden.LOG["predicted_at"] < golden.ALL_MISSING) & ~excluded] if monitor == "moving" else golden.REFERENCE
    actual, compared = values(built, monitor, "drift"), 0
    for (day, span), rows in golden.windows(golden.LOG):
        before = golden.LOG[~excluded & (golden.LOG["predicted_at"] < day - pd.Timedelta(days=span - 1))]
        for feature in golden.MONITORS[monitor]["features"]:
            expected = golden.trailing_psi(frozen, pd.concat([before, rows]), day, span, days, feature)
            found = actual.get((day, span, "__all__", feature, metric))
            assert found == (None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-9)), (day, span, feature)
            compared += expected is not None
    assert compared > 30


def test_drift_of_a_segment(built: Project) -> None:
    actual, p_values = (values(built, "nasty", "drift", column, segment=golden.CATEGORY) for column in ("metric_value", "p_value"))
    compared = 0
    for (day, span), rows in golden.windows(golden.LOG):
        for value in golden.VALUES:
            part, base = rows[rows[golden.CATEGORY] == value], golden.REFERENCE[golden.REFERENCE[golden.CATEGORY] == value]
            if len(part):
                compared += agree(actual, p_values, golden.drift(base, part, golden.SMOOTH, edges=golden.REFERENCE), (day, span, value, golden.SMOOTH)) > 0
    assert compared > 100


def test_weeks_from_the_profile_of_days(built: Project) -> None:
    """Only the week that is over: four days of the log."""
    rows = built.frame(f"select * from {SCHEMA}.golden_weeks where model_version = '__all__' and segment = '__all__'").to_dict("records")
    actual = {(row["feature"], metric): None if pd.isna(value) else value for row in rows for metric, value in row.items()}
    inside = golden.LOG[golden.LOG["predicted_at"] < "2026-01-05"]
    compared = 0
    for feature in [*golden.NUMERIC, *golden.CATEGORICAL, "score", "prediction"]:
        name = f"__{feature}__" if feature in ("score", "prediction") else feature
        assert (str(actual[name, "window_start"]), str(actual[name, "window_end"]), actual[name, "n_windows"]) == ("2025-12-29 00:00:00", "2026-01-05 00:00:00", 4)
        for metric, number in golden.drift(golden.REFERENCE, inside, feature).items():
            column = f"chi_squared_{metric}" if metric.startswith("p_value") else metric
            assert actual[name, column] == pytest.approx(number, rel=1e-6 if "p_value" in metric else 1e-9, abs=1e-200 if "p_value" in metric else 1e-9), (name, metric)
            compared += 1
    assert compared > 150


def test_quality_of_a_week_from_the_profile_of_days(built: Project) -> None:
    rows = built.frame(f"select * from {SCHEMA}.golden_quality_weeks where model_version = '__all__' and segment = '__all__'")
    assert {(str(row.window_start), str(row.window_end), row.n_windows) for row in rows.itertuples()} == {("2025-12-29 00:00:00", "2026-01-05 00:00:00", 4)}
    actual = {(row.feature, row.metric): row.metric_value for row in rows.itertuples()}
    inside = golden.LOG[golden.LOG["predicted_at"] < "2026-01-05"]
    for feature in [*golden.NUMERIC, *golden.CATEGORICAL]:
        expected = golden.quality(golden.REFERENCE, inside, feature)
        if feature in golden.CATEGORICAL:
            found = quality.categories(golden.REFERENCE[feature], inside[feature])
            expected |= {metric: found[metric] for metric in ("category_count", "category_count_ratio", "vanished_rate")}
        for metric, number in expected.items():
            assert actual[feature, metric] == pytest.approx(number, rel=1e-9, abs=1e-12), (feature, metric)


def test_many_rows(built: Project) -> None:
    """A hundred thousand rows and a shift of 0.02 standard deviations."""
    log, reference = golden.huge(golden.HUGE_SHIFT, "2026-01-02"), golden.huge(0.0, "2025-12-01")
    actual, p_values = (values(built, "huge", "drift", column) for column in ("metric_value", "p_value"))
    for feature, kind in {"x": "numeric", "c": "categorical"}.items():
        found = golden.flights.drift(reference[feature], log[feature], kind, "jeffreys")
        assert agree(actual, p_values, found, (pd.Timestamp("2026-01-02"), 1, "__all__", feature)) > 10
    rows = built.frame(f"select feature, status, evidence from {MART}verdicts where monitor = 'huge' and metric = 'psi' and window_start = '2026-01-02'")
    verdicts = {r.feature: (r.status, r.evidence) for r in rows.itertuples()}
    assert verdicts["x"] == verdicts["c"] == ("ok", "small"), "real, and of no consequence"


def test_data_quality(built: Project) -> None:
    actual = values(built, "nasty", "data_quality")
    low, high, p_value = (values(built, "nasty", "metric_values", column) for column in ("lower_bound", "upper_bound", "p_value"))
    for (day, span), rows in golden.windows(golden.LOG):
        for feature in [*golden.NUMERIC, *golden.CATEGORICAL]:
            key = (day, span, "__all__", feature)
            for metric, number in golden.quality(golden.REFERENCE, rows, feature).items():
                assert actual[*key, metric] == pytest.approx(number, abs=1e-12), (key, metric)
            missing, base = golden.side(rows, feature).missing, golden.side(golden.REFERENCE, feature).missing
            n, m = len(rows), len(golden.REFERENCE)
            key = (*key, "missing_rate_increase")
            assert (low[key], high[key]) == pytest.approx(quality.newcombe(missing / n, n, base / m, m), abs=1e-9)
            expected = quality.two_proportions(missing, n, base, m)
            assert p_value[key] == (None if expected is None else pytest.approx(expected, rel=1e-6)), key


def test_categories_and_single_values(built: Project) -> None:
    """How many categories came and which did not, and the value that gained most."""
    actual = values(built, "nasty", "data_quality")
    compared = vanished = 0
    for (day, span), rows in golden.windows(golden.LOG):
        days = [part for _, part in rows.groupby(rows["predicted_at"].dt.normalize())]
        for feature in golden.CATEGORICAL:
            found = quality.categories(golden.REFERENCE[feature], rows[feature]) if rows[feature].notna().any() else {}
            for metric in ("category_count", "category_count_ratio", "vanished_rate"):
                if metric in found:
                    number = found[metric]
                    assert actual[day, span, "__all__", feature, metric] == pytest.approx(number, rel=1e-9, abs=1e-12), (day, span, feature, metric)
                    compared, vanished = compared + 1, vanished + (metric == "vanished_rate" and number > 0)
        for feature in ("ties", "constant", "flat"):
            gain, _, _ = quality.point_mass(golden.REFERENCE, days, feature)
            assert actual[day, span, "__all__", feature, "point_mass_increase"] == pytest.approx(gain, abs=1e-9), (day, span, feature)
    assert compared > 60
    assert vanished > 0


def test_exact_distances(built: Project) -> None:
    found = {(pd.Timestamp(row["window_start"]), row["feature"]): row for row in built.frame(f"select * from {SCHEMA}.golden_exact").to_dict("records")}
    compared = 0
    for (day, _), rows in golden.windows(golden.LOG, spans=(1,)):
        for feature in [*golden.NUMERIC, "score"]:
            window, base = golden.side(rows, feature).values, golden.side(golden.REFERENCE, feature).values
            if len(window) and len(base):
                test_exact.agree(found[day, "__score__" if feature == "score" else feature], window, base)
                compared += 1
    assert compared == len(found) > 50


def test_versions_on_the_same_cases(built: Project) -> None:
    """The newest label that either version's row got counts; the open day too."""
    log = golden.LOG.assign(right=golden.LOG["prediction"] == golden.LOG["label"])[golden.LOG["predicted_at"] < golden.NOW]
    known = golden.FEEDBACK[golden.FEEDBACK["labelled_at"] < golden.NOW].set_index("prediction_id")
    labels = log.join(known["labelled_at"], on="prediction_id", how="inner").sort_values("labelled_at").drop_duplicates("case_id", keep="last").set_index("case_id")["label"]
    sides = [log[log["version"] == version].set_index("case_id")[["score", "prediction"]] for version in ("v'1", "v2")]
    pairs = sides[0].join(sides[1].add_suffix("_2"), how="inner").join(labels, how="inner")
    pairs = pairs.assign(right=pairs["prediction"] == pairs["label"], right_2=pairs["prediction_2"] == pairs["label"])
    (row,) = built.frame(f"select * from {MART}model_comparisons where monitor = 'nasty'").to_dict("records")
    assert (row["champion"], row["challenger"]) == ("v'1", "v2")
    assert len(pairs) > 100
    test_comparison.agree(row, pairs)


def test_labels_of_what_was_acted_on(built: Project) -> None:
    value, low, high = (values(built, "nasty", "selective_labels", column) for column in ("metric_value", "lower_bound", "upper_bound"))
    known = golden.LOG["prediction_id"].isin(golden.FEEDBACK["prediction_id"])
    expected = {}
    for (day, span), rows in golden.windows(golden.LOG.assign(label=golden.LOG["label"].where(known))):
        found = test_selective.selective(rows) if rows["acted"].any() and rows["label"].notna().any() else {}
        expected |= {(day, span, "__all__", "__all__", metric): numbers for metric, numbers in found.items()}
    assert len(expected) > 60
    for key, numbers in expected.items():
        assert (value[key], low[key], high[key]) == pytest.approx(numbers, rel=1e-9, abs=1e-9), key


@pytest.mark.parametrize("version", ["__all__", "v'1", "v2"])
def test_performance(built: Project, version: str) -> None:
    actual = {key: value for key, value in values(built, "nasty", "performance", version=version).items() if value is not None}
    expected = {}
    known = golden.LOG[golden.LOG["prediction_id"].isin(golden.FEEDBACK["prediction_id"])]
    for (day, span), rows in golden.windows(known, version):
        found = outcomes.binary(*(rows[c].to_numpy() for c in ("label", "prediction", "score")))
        expected |= {(day, span, "__all__", "__all__", metric): number for metric, number in found.items()}
    about_labels = {"label_coverage", "early_label_rate", "invalid_label_rate", "invalid_prediction_rate", "replaced_label_rate"}
    assert {key for key in actual if key[4] not in about_labels} == expected.keys()
    for key, number in expected.items():
        assert actual[key] == pytest.approx(number, rel=1e-9, abs=1e-9), key


def test_the_evidence_of_a_verdict(built: Project) -> None:
    """The test of PSI against scipy's chi-squared distributions. The normal approximation of the non-central one (Sankaran 1963) is near, not exact."""
    verdicts = built.frame(f"select * from {MART}verdicts where monitor = 'nasty' and metric = 'psi' and metric_value is not null")
    bins = built.frame(f"select * from {MART}drift where monitor = 'nasty' and metric = 'psi' and model_version = '__all__'")
    keys = ["segment", "segment_value", "feature", "window_start", "span"]
    rows = verdicts.merge(bins[[*keys, "n_bins"]], on=keys, validate="one_to_one")
    (alpha,) = built.rows(f"select alpha from {MART}monitors where monitor = 'nasty'")[0]
    numbers = ["metric_value", "sample_size", "reference_size", "n_bins", "dispersion", "alert_threshold"]
    psi, n, m, k, dispersion, limit = (rows[column].astype(float) for column in numbers)
    noise, scale = (k - 1) * (1 / n + 1 / m), (1 / n + 1 / m) * dispersion
    near = {"rel": 1e-9, "abs": 1e-12}
    assert list(rows["noise_floor"].astype(float)) == pytest.approx(list(noise), **near)
    assert list(rows["drift_ratio"].astype(float)) == pytest.approx(list(psi / noise), **near)
    assert list(rows["equivalent_sigma"].astype(float)) == pytest.approx(list(np.sqrt(psi)), **near)
    assert list(rows["p_no_drift"].astype(float)) == pytest.approx(list(stats.chi2.sf(psi / scale, k - 1)), rel=1e-6, abs=1e-200)
    power = stats.ncx2.sf(stats.chi2.isf(float(alpha), k - 1), k - 1, rows["minimum_detectable"].astype(float) / scale)
    assert list(power) == pytest.approx([0.8] * len(rows), abs=0.02)
    rows = rows.assign(p=stats.ncx2.sf(psi / scale, k - 1, limit / scale))
    judged = rows["status"] != "insufficient_data"
    assert (rows["q_value"].notna() == judged).all(), "what is not judged is no test"
    for family, tests in rows[judged].groupby(["window_start", "span"]):
        exact = stats.false_discovery_control(tests["p"])
        assert list(tests["q_value"].astype(float)) == pytest.approx(list(exact), abs=0.02), family
        found = tests["q_value"].astype(float).to_numpy()
        assert np.abs(np.log10(found / exact))[(exact > 1e-6) & (exact < 0.05)].max(initial=0) < 0.2, family
        assert (found[exact <= 1e-6] < 1e-5).all(), family
    said = rows[["p_no_drift", "q_value", "evidence"]]
    assert set(said["evidence"]) >= {"none", "material"}
    assert (said.loc[said["evidence"] == "none", "p_no_drift"].astype(float) > float(alpha)).all()
    assert len(rows) > 80


def test_what_is_too_small_is_no_test_of_its_family(project: Callable[..., Project]) -> None:
    """The correction for many tests against scipy, where nine of ten rows are too few to be judged."""
    random = np.random.default_rng(7)
    n = 400
    given = pd.DataFrame(
        {
            "monitor": "churn",
            "window_start": pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(3, size=n), unit="D"),
            "span": 1,
            "metric": "psi",
            "metric_value": random.exponential(0.3, size=n),
            "n_bins": 10,
            "test": "material",
            "alpha": 0.01,
            "dispersion": 1.0,
            "warn_threshold": 0.1,
            "alert_threshold": random.choice([0.25, np.nan], size=n, p=[0.9, 0.1]),
            "min_rows": 100,
            "sample_size": random.choice([99, 100, 1000], size=n, p=[0.5, 0.2, 0.3]),
            "reference_size": random.choice([0, 99, 5000], size=n, p=[0.1, 0.4, 0.5]),
            "first_full_span_end": random.choice(pd.to_datetime(["2026-01-03", "2026-01-04"]), size=n),
        }
    )
    given["window_end"] = given["window_start"] + pd.Timedelta(days=1)
    given["noise_floor"] = 9 * (1 / given["sample_size"] + 1 / given["reference_size"].replace(0, np.nan))
    consumer = project({"churn": MONITOR}, logs=logs() | {"given": given}, now=NOW)
    model = "with given as (select * from {{ source('raw', 'given') }}), {{ ml_monitor.drift_tests('given') }} select * from drift_tests"
    (consumer.directory / "models" / "tested.sql").write_text(model)
    consumer.run("-s", "tested")
    found = consumer.frame("select * from main_ml_monitor.tested")
    large = (found["sample_size"] >= 100) & (found["reference_size"] >= 100) & (found["window_end"] >= found["first_full_span_end"])
    assert 0.05 < large.mean() < 0.4
    for level in ("warn", "alert"):
        tested = large & found[f"{level}_threshold"].notna()
        assert (found[f"p_{level}"].notna() == tested).all() and (found[f"q_p_{level}"].notna() == tested).all()
        families = list(found[tested].groupby("window_start"))
        assert len(families) == 2
        for start, tests in families:
            assert list(tests[f"q_p_{level}"]) == pytest.approx(list(stats.false_discovery_control(tests[f"p_{level}"])), rel=1e-9, abs=1e-300), start


def test_the_dispersion_is_that_of_the_healthy_windows(built: Project) -> None:
    """How much more days differ from the days just before than sampling explains; nine days are too few for a weekday each."""
    drift = built.frame(f"select feature, psi, psi_noise from {MART}drift_statistics where monitor = 'nasty' and baseline = 'trailing' and span = 1 and model_version = '__all__' and segment = '__all__'").dropna()
    drift = drift[drift["psi_noise"] > 0]
    ratios = (drift["psi"].astype(float) / drift["psi_noise"].astype(float)).groupby(drift["feature"])
    expected = ratios.mean().clip(lower=1).where(ratios.size() >= 7, 1.0)
    found = {row[0]: float(row[1]) for row in built.rows(f"select distinct feature, dispersion from {MART}dispersion where monitor = 'nasty' and span = 1")}
    assert found == pytest.approx({feature: expected[feature] for feature in found}, rel=1e-9)
    assert max(found.values()) > 1


def test_the_bin_that_moved_most(built: Project) -> None:
    bins = built.frame(f"select * from {MART}drift_contributions where monitor = 'nasty' and model_version = '__all__' and segment = '__all__'")
    gap = (bins["window_share"].astype(float) - bins["reference_share"].astype(float)).abs()
    largest = gap.groupby([bins["feature"], bins["window_start"], bins["span"]]).max()
    statistics = built.frame(f"select * from {MART}drift_statistics where monitor = 'nasty' and baseline = 'reference' and model_version = '__all__' and segment = '__all__' and l_infinity_with_missing > 0")
    compared = 0
    for row in statistics.itertuples():
        key = (row.feature, row.window_start, row.span)
        if key in largest.index:
            assert row.l_infinity_with_missing == pytest.approx(largest[key], abs=1e-12)
            there = (bins["feature"] == row.feature) & (bins["window_start"] == row.window_start) & (bins["span"] == row.span) & (bins["bin"] == row.l_infinity_bin_with_missing)
            assert gap[there].max() == pytest.approx(row.l_infinity_with_missing, abs=1e-12), key
            compared += 1
    assert compared > 10


def test_an_open_window_has_no_metric_and_an_empty_one_an_alert(built: Project) -> None:
    assert built.rows(f"select count(*) from {MART}metric_values where window_end > '{golden.OPEN}'") == [(0,)]
    found = built.rows(f"select status, reason from {MART}verdicts where metric = 'row_count' and monitor = 'nasty' and window_start = '{golden.EMPTY}'")
    assert found == [("alert", "no predictions were logged")]


def test_what_cannot_be_right_is_a_finding(built: Project) -> None:
    rows = built.frame(f"select metric, metric_value, status, reason from {MART}verdicts where monitor = 'wrong' and window_start = '{golden.DAYS[0]}'")
    found = {r.metric: (r.metric_value, r.status) for r in rows.itertuples()}
    share = {metric: pytest.approx(value, abs=1e-12) for metric, value in {"orphan_label_rate": 2 / 45, "early_label_rate": 5 / 37, "invalid_label_rate": 2 / 39, "invalid_prediction_rate": 3 / 40}.items()}
    assert {metric: value for metric, (value, _) in found.items() if metric in share} == share
    assert {found[metric][1] for metric in ("invalid_label_rate", "invalid_prediction_rate", "early_label_rate")} == {"alert"}
    assert found["accuracy"][0] == pytest.approx(accuracy_of_the_latest_labels(), abs=1e-12)
    none = built.rows(f"select status, reason from {MART}verdicts where monitor = 'wrong' and metric = 'accuracy' and window_start = '{golden.DAYS[1]}'")
    assert none[0][0] == "insufficient_data"
    assert built.rows(f"select metric_value from {MART}intake where monitor = 'wrong' and metric = 'duplicate_rate' and window_start = '{golden.DAYS[1]}'") == [(pytest.approx(1 / 40),)]


def accuracy_of_the_latest_labels() -> float:
    log, labels = golden.wrong()
    latest = labels.sort_values("labelled_at").drop_duplicates("prediction_id", keep="last")
    joined = log.iloc[:40].merge(latest, on="prediction_id")
    label = joined["label"].str.lower().map({"true": 1, "t": 1, "false": 0, "f": 0})
    prediction = joined["prediction"].map({"yes": 1, "no": 0})
    known = label.notna() & prediction.notna()
    return float((label[known] == prediction[known]).mean())


def test_statuses_that_have_no_value(built: Project) -> None:
    rows = built.frame(f"select feature, window_start, metric, status, reason from {MART}verdicts where monitor = 'nasty' and span = 1")
    found = {(r.metric, r.feature, pd.Timestamp(r.window_start)): (r.status, r.reason) for r in rows.itertuples()}
    assert found["psi", "never", golden.TYPICAL] == ("no_reference", "psi of never: no reference rows to compare with")
    assert found["psi", "gone", golden.ALL_MISSING][0] == "insufficient_data"
    assert found["psi", golden.SMOOTH, golden.ONE_ROW] == ("insufficient_data", f"psi of {golden.SMOOTH}: only 1 rows, at least 10 are needed")
    assert found["roc_auc", "__all__", golden.ALL_MISSING][0] == "insufficient_data"


def test_every_number_is_finite(built: Project) -> None:
    floats = "select table_name, column_name from information_schema.columns where table_schema = '{}' and data_type in ('DOUBLE', 'double precision')"
    numbers: dict[str, list[str]] = {}
    for table, column in built.rows(floats.format(SCHEMA)):
        if table not in golden.LOG_MODELS:
            numbers.setdefault(table, []).append(column)
    for table, columns in numbers.items():
        # Neither NaN nor an infinity is its own difference's zero.
        conditions = " or ".join(f"{column} - {column} <> 0" for column in columns)
        assert built.rows(f"select count(*) from {SCHEMA}.{table} where {conditions}") == [(0,)], table
    assert len(numbers) > 30
