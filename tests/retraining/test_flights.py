"""The demo's trainer on the demo's flights: a model that is better, and one that is not."""

from datetime import datetime

import duckdb
import joblib
import pandas as pd
import pytest

from ml_monitor.retraining import check_guards, load_model, register_version, retrain
from tests.retraining.conftest import DEMO, World


def run(world: World, now: datetime) -> dict[str, object]:
    result = retrain(
        world.warehouse,
        "flight_delay",
        now=now,
        trigger="manual",
        project_dir=DEMO,
        artifacts_dir=world.directory / "artifacts",
    )
    return result.to_dict()


def test_a_better_model_is_promoted_in_april(flights: World) -> None:
    result = run(flights, datetime(2013, 4, 19))
    assert (result["status"], result["champion_version"]) == ("promoted", "r20130419")
    auc = result["evaluation"]["roc_auc"]  # type: ignore[index]
    assert auc["champion"] == pytest.approx(0.589, abs=0.005)
    assert auc["lower_bound"] > 0


def test_a_model_that_is_not_better_is_kept_out_in_october(flights: World) -> None:
    register_version(flights.warehouse, "flight_delay", "v2", now=datetime(2013, 9, 1), reason="release")
    result = run(flights, datetime(2013, 10, 16))
    assert (result["status"], result["champion_version"]) == ("kept", "v2")
    assert flights.stages() == {"v1": "previous", "v2": "champion", "r20131016": "rejected"}


def test_a_hotfix_that_is_forced_is_rolled_back_after_its_first_week(flights: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DEMO))
    from flight_model import Hotfix

    flights.write_spec(guard={"days": 28, "action": "rollback"})
    run(flights, datetime(2013, 4, 19))
    hotfix = Hotfix(load_model(flights.warehouse, "flight_delay", "r20130419", project_dir=DEMO))
    file = flights.directory / "hotfix.joblib"
    joblib.dump(hotfix, file)
    forced, after = datetime(2013, 4, 22), datetime(2013, 4, 29)
    register_version(flights.warehouse, "flight_delay", "v1-hotfix", now=forced, reason="forced", artifact_uri=str(file))
    with duckdb.connect(str(flights.database)) as connection:
        served = connection.execute("select * from predictions where predicted_at >= ? and predicted_at < ?", [forced, after]).df()
        served["y_score"] = hotfix.predict_score(served)
        connection.register("served", served)
        connection.execute(
            "update predictions set y_score = served.y_score, model_version = 'v1-hotfix' "
            "from served where served.prediction_id = predictions.prediction_id"
        )
    [guard] = check_guards(flights.warehouse, "flight_delay", now=after, project_dir=DEMO)
    assert (guard.status, guard.basis, guard.against_version) == ("rolled_back", "paired", "r20130419")
    assert flights.stages() == {"v1": "retired", "r20130419": "champion", "v1-hotfix": "previous"}


def test_trainers_take_unseen_categories_and_missing_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DEMO))
    import flight_model

    frame = pd.DataFrame({"hour": [1.0, 2.0, None] * 100, "carrier": ["AA", "B6", None] * 100})
    frame["late"] = [0.0, 1.0, 1.0] * 100
    features = {"hour": "numeric", "carrier": "categorical"}
    new = pd.DataFrame({"hour": [None, 5.0], "carrier": ["ZZ", None]})
    scores = flight_model.train(frame, features, "late").predict_score(new)
    minutes = flight_model.train_delay(frame, features, "late").predict(new)
    assert scores.shape == minutes.shape == (2,)
    assert not pd.isna(scores).any()
    again = flight_model.train(frame, features, "late").predict_score(new)
    assert (scores == again).all()
