"""Logs whose truth is known: made with numpy alone, with fixed seeds."""

import numpy as np
import pandas as pd

MONITOR = {
    "predictions": "raw.predictions",
    "feedback": "raw.feedback",
    "reference": {"relation": "raw.reference"},
    "features": {"x": "numeric"},
    "rolling": [],
}
START = pd.Timestamp("2026-01-01")


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def predictions(days: int, rows: int, shift: np.ndarray, flip: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """A badly calibrated binary model. `shift` moves the input of each day (covariate shift), `flip` the share of labels that no longer
    follow the input (concept drift); `probability` is the truth that no monitor sees."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), rows)
    x = random.normal(size=days * rows) + shift[day]
    probability = sigmoid(1.5 * x - 0.3)
    probability = probability * (1 - flip[day]) + (1 - probability) * flip[day]
    score = sigmoid(3 * x + 0.8).round(3)
    return pd.DataFrame(
        {
            "prediction_id": np.arange(days * rows),
            "predicted_at": START + pd.to_timedelta(np.arange(days * rows) * 86400 / rows, unit="s"),
            "model_version": "m1",
            "x": x,
            "y_score": score,
            "y_pred": (score > 0.6).astype(int),
            "probability": probability,
            "label": (random.uniform(size=days * rows) < probability).astype(int),
        }
    )


def labels(log: pd.DataFrame, hours: float = 3) -> pd.DataFrame:
    return log[["prediction_id", "label"]].assign(labelled_at=log["predicted_at"] + pd.Timedelta(hours=hours))


def prices(days: int, rows: int, hard: np.ndarray, worse: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """A regression with nine predictions, on some of which it errs more. `hard` is the share of each day's rows with such predictions (covariate
    shift), `worse` the factor of its errors (concept drift); `loss` is what a loss model expects, which knows a second input too."""
    random = np.random.default_rng(seed)
    day, n = np.repeat(np.arange(days), rows), days * rows
    is_hard = random.uniform(size=n) < hard[day]
    predicted = np.where(is_hard, random.choice([30, 50, 70], size=n), random.choice([20, 40, 60, 80, 90], size=n))
    doubled = random.uniform(size=n) < 0.3
    loss = np.where(is_hard, 8.0, 2.0) * np.where(doubled, 2, 1)
    return pd.DataFrame(
        {
            "prediction_id": np.arange(n),
            "predicted_at": START + pd.to_timedelta(np.arange(n) * 86400 / rows, unit="s"),
            "model_version": "m1",
            "x": random.normal(size=n),
            "y_pred": predicted,
            "loss": loss,
            "label": predicted + random.normal(size=n) * loss * worse[day],
        }
    )


def three_classes(days: int, rows: int, shift: np.ndarray, flip: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """An overconfident model of three classes. `shift` moves the input of each day, so that other cases are harder; `flip` is the share of
    labels that are drawn at random. `probability`: the truth, that the predicted class is right."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), rows)
    n = days * rows
    x = random.normal(size=n) + shift[day]
    logits = np.column_stack([x, 0.5 - x, random.normal(size=n)])
    truth = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = truth * (1 - flip[day, None]) + flip[day, None] / 3
    sharp = np.exp(2.5 * logits) / np.exp(2.5 * logits).sum(axis=1, keepdims=True)
    classes, best = np.array(["cat", "it's", "dog"]), sharp.argmax(axis=1)
    drawn = (truth.cumsum(axis=1) < random.uniform(size=n)[:, None]).sum(axis=1).clip(max=2)
    return pd.DataFrame(
        {
            "prediction_id": np.arange(n),
            "predicted_at": START + pd.to_timedelta(np.arange(n) * 86400 / rows, unit="s"),
            "model_version": "m1",
            "x": x,
            "y_pred": classes[best],
            **{f"s{i}": sharp[:, i].round(4) for i in range(3)},
            "probability": truth[np.arange(n), best],
            "label": classes[drawn],
        }
    )


def conversions(days: int, rows: int, rate: float, mean_delay: float, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions and the positive labels alone, which arrive after an exponential delay; who does not convert never gets a label."""
    log = predictions(days, rows, np.zeros(days), np.zeros(days), seed)
    random = np.random.default_rng(seed + 1)
    converted = log[random.uniform(size=len(log)) < rate]
    delay = pd.to_timedelta(random.exponential(mean_delay, size=len(converted)).clip(max=60), unit="D")
    return log, converted[["prediction_id"]].assign(label=1, labelled_at=converted["predicted_at"] + delay)
