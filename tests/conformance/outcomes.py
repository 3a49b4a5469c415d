"""Expected values of the performance metrics, computed with numpy and scikit-learn alone: no SQL, no code of ours."""

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from sklearn import metrics

Values = dict[str, float]
MURPHY = ("brier_reliability", "brier_resolution", "brier_uncertainty")


def bands(score: np.ndarray) -> np.ndarray:
    """Ten bands with equal numbers of rows; equal scores share the band of their middle row."""
    ranks = pd.Series(score).rank(method="average").to_numpy() - 0.5
    return np.floor(10 * ranks / len(score))


def binary(y: np.ndarray, prediction: np.ndarray, score: np.ndarray, beta: float = 2, lift_at: float = 0.1) -> Values:
    """Every binary metric that is defined; labels and predictions are 0 and 1."""
    n, positives = len(y), y.sum()
    found = {"accuracy": metrics.accuracy_score(y, prediction), "prevalence": y.mean()}
    if prediction.sum():
        found["precision"] = metrics.precision_score(y, prediction)
    if positives:
        found["recall"] = metrics.recall_score(y, prediction)
        found["average_precision"] = metrics.average_precision_score(y, score)
        found["lift"] = captured(y, score, lift_at) / lift_at / positives
    if positives < n:
        found["specificity"] = metrics.recall_score(y, prediction, pos_label=0)
    if positives + prediction.sum():
        found["f1"] = metrics.f1_score(y, prediction)
        found["f_beta"] = metrics.fbeta_score(y, prediction, beta=beta)
    if 0 < positives < n:
        auc = metrics.roc_auc_score(y, score)
        false_rate, true_rate, _ = metrics.roc_curve(y, score, drop_intermediate=False)
        found |= {"roc_auc": auc, "gini": 2 * auc - 1, "ks_separation": np.abs(true_rate - false_rate).max()}
        found["balanced_accuracy"] = metrics.balanced_accuracy_score(y, prediction)
    return found | agreement(y, prediction) | calibration(y, score)


def agreement(y: np.ndarray, prediction: np.ndarray) -> Values:
    """Cohen's kappa and the Matthews correlation, where they are defined."""
    found = {}
    if len(set(y) | set(prediction)) > 1:
        found["cohen_kappa"] = metrics.cohen_kappa_score(y, prediction)
    if len(set(y)) > 1 and len(set(prediction)) > 1:
        found["mcc"] = metrics.matthews_corrcoef(y, prediction)
    return found


def captured(y: np.ndarray, score: np.ndarray, share: float) -> float:
    """Positives expected among the highest scores when equal scores come in a random order."""
    left, total = share * len(y), 0.0
    for value in np.unique(score)[::-1]:
        group = y[score == value]
        taken = min(max(left, 0), len(group))
        total += group.sum() * taken / len(group)
        left -= len(group)
    return total


def calibration(y: np.ndarray, score: np.ndarray) -> Values:
    """Losses, Murphy's terms, and how scores compare with rates."""
    rate, band = y.mean(), bands(score)
    groups = [(np.mean(band == b), score[band == b].mean(), y[band == b].mean()) for b in np.unique(band)]
    found = {
        "log_loss": metrics.log_loss(y, np.clip(score, 1e-15, 1 - 1e-15), labels=[0, 1]),
        "brier": float(np.mean((score - y) ** 2)),
        "brier_reliability": sum(w * (s - o) ** 2 for w, s, o in groups),
        "brier_resolution": sum(w * (o - rate) ** 2 for w, s, o in groups),
        "brier_uncertainty": rate * (1 - rate),
        "expected_calibration_error": sum(w * abs(s - o) for w, s, o in groups),
    }
    if score.sum() > 0:
        found["observed_to_expected"] = y.sum() / score.sum()
    if len(set(score)) > 1:
        found["calibration_slope"] = np.polyfit(score, y, 1)[0]
    return found


def within_bands(y: np.ndarray, score: np.ndarray) -> float:
    """What the bands do not see of the Brier score: variance of the scores less twice their covariance with the labels."""
    band = bands(score)
    return float(
        sum(
            np.mean(band == b) * (score[band == b].var() - 2 * np.cov(score[band == b], y[band == b], ddof=0)[0, 1])
            for b in np.unique(band)
        )
    )


def regression(y: np.ndarray, f: np.ndarray, low: np.ndarray, high: np.ndarray, quantile: float = 0.5) -> Values:
    """Every regression metric that is defined, but for the quantiles of the error."""
    error = f - y
    sizes = np.abs(f) + np.abs(y)
    ratios = np.divide(2 * np.abs(error), sizes, out=np.zeros(len(y)), where=sizes > 0)
    found = {
        "mae": metrics.mean_absolute_error(y, f),
        "rmse": metrics.root_mean_squared_error(y, f),
        "bias": error.mean(),
        "mape_excluded_rate": np.mean(y == 0),
        "smape": ratios.mean(),
        "pinball": metrics.mean_pinball_loss(y, f, alpha=quantile),
    }
    if len(set(y)) > 1:
        found["r2"] = metrics.r2_score(y, f)
    if (y != 0).any():
        found["mape"] = metrics.mean_absolute_percentage_error(y[y != 0], f[y != 0])
        found["wape"] = np.abs(error).sum() / np.abs(y).sum()
    logged = (y > -1) & (f > -1)
    if logged.any():
        found["rmsle"] = metrics.root_mean_squared_log_error(y[logged], f[logged])
    known = ~np.isnan(low) & ~np.isnan(high)
    if known.any():
        found["interval_coverage"] = np.mean((y[known] >= low[known]) & (y[known] <= high[known]))
    return found


def multiclass(y: np.ndarray, prediction: np.ndarray, beta: float = 2) -> Values:
    """Averages over classes."""
    found: Values = {"accuracy": metrics.accuracy_score(y, prediction)}
    scores = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score, "f_beta": partial(metrics.fbeta_score, beta=beta)}
    for name, score in scores.items():
        for average in ("macro", "weighted", "micro"):
            found[f"{average}_{name}"] = score(y, prediction, average=average, zero_division=0)
    if len(set(y)) > 1:
        specificities = specificities_of_classes(y, prediction)
        found["macro_specificity"] = float(np.mean(list(specificities.values())))
        found["weighted_specificity"] = float(np.mean([specificities[label] for label in y]))
        with warnings.catch_warnings():
            # A class that is predicted and never happens has no recall: it is left out.
            warnings.simplefilter("ignore")
            found["balanced_accuracy"] = metrics.balanced_accuracy_score(y, prediction)
    return found | agreement(y, prediction)


def specificities_of_classes(y: np.ndarray, prediction: np.ndarray) -> Values:
    """Of the classes that were predicted or happened those that other classes happened beside."""
    names = sorted(set(y) | set(prediction))
    tables = dict(zip(names, metrics.multilabel_confusion_matrix(y, prediction, labels=names), strict=True))
    return {name: true / (true + false) for name, ((true, false), _) in tables.items() if true + false}


def averages_of_agreements(y: np.ndarray, prediction: np.ndarray) -> Values:
    """Means of what each class has against all others: 0 where it was never predicted or never happened, as scikit-learn says."""
    if len(set(y)) < 2:
        return {}
    of_classes = pd.DataFrame(
        {
            name: {
                "balanced_accuracy": (metrics.recall_score(y == name, prediction == name, zero_division=0) + specificity) / 2,
                "mcc": metrics.matthews_corrcoef(y == name, prediction == name),
                "cohen_kappa": metrics.cohen_kappa_score(y == name, prediction == name),
            }
            for name, specificity in specificities_of_classes(y, prediction).items()
        }
    )
    macro, weighted = of_classes.mean(axis=1), of_classes[y].mean(axis=1)
    return {f"macro_{name}": value for name, value in macro.items()} | {f"weighted_{name}": value for name, value in weighted.items()}


def of_classes(y: np.ndarray, prediction: np.ndarray, beta: float = 2, only: str | None = None) -> dict[tuple[str, str], float]:
    """What predictions and labels alone say of each class, or of one, where it is defined."""
    found = {("class_specificity", f"class:{name}"): value for name, value in specificities_of_classes(y, prediction).items()}
    for label in sorted(set(y) | set(prediction)) if only is None else [only]:
        actual, predicted = y == label, prediction == label
        if predicted.any():
            found["class_precision", f"class:{label}"] = metrics.precision_score(actual, predicted)
        if actual.any():
            found["class_recall", f"class:{label}"] = metrics.recall_score(actual, predicted)
        if actual.any() and not actual.all():
            found["class_balanced_accuracy", f"class:{label}"] = metrics.balanced_accuracy_score(actual, predicted)
        found["class_accuracy", f"class:{label}"] = metrics.accuracy_score(actual, predicted)
        found["class_prevalence", f"class:{label}"] = actual.mean()
        found |= {(f"class_{name}", f"class:{label}"): value for name, value in agreement(actual, predicted).items()}
        found["class_f1", f"class:{label}"] = metrics.f1_score(actual, predicted)
        found["class_f_beta", f"class:{label}"] = metrics.fbeta_score(actual, predicted, beta=beta)
    return found


def against_the_others(y: np.ndarray, score: np.ndarray) -> Values:
    """One class against all others, by its own probability: what two classes have."""
    ranks = ("roc_auc", "gini", "average_precision", "ks_separation", "lift")
    calibrations = ("log_loss", "brier", *MURPHY, "expected_calibration_error", "observed_to_expected", "calibration_slope")
    found = binary(y.astype(int), (score > 0.5).astype(int), score)
    return {name: found[name] for name in (*ranks, *calibrations) if name in found}


def scores_of_classes(y: np.ndarray, prediction: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> dict[tuple[str, str], float]:
    """Of each class that was predicted or happened."""
    return {
        (f"class_{metric}", f"class:{name}"): value
        for place, name in enumerate(classes)
        if name in y or name in prediction
        for metric, value in against_the_others(y == name, scores[:, place]).items()
    }


def averages_of_scores(y: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> Values:
    """Brier score of all classes with its terms, and the means of what each class has against the others."""
    actual = y[:, None] == classes[None, :]
    known = actual.any(axis=1)
    of_classes = pd.DataFrame([against_the_others(actual[:, place], scores[:, place]) for place in range(len(classes))])
    found: Values = {
        "brier": float((((scores - actual) ** 2).sum(axis=1))[known].mean()),
        "micro_roc_auc": metrics.roc_auc_score(actual.ravel(), scores.ravel()),
        "micro_average_precision": metrics.average_precision_score(actual.ravel(), scores.ravel()),
    } | of_classes[list(MURPHY)].sum().to_dict()
    ranked = of_classes.get("roc_auc", pd.Series(np.nan, of_classes.index)).notna()
    averages = dict.fromkeys(("expected_calibration_error", "log_loss", "brier"), of_classes.index >= 0)
    if ranked.any():
        averages |= dict.fromkeys(("roc_auc", "gini", "average_precision", "ks_separation", "lift", "calibration_slope"), ranked)
    for metric, which in averages.items():
        found[f"macro_{metric}"] = of_classes.loc[which, metric].mean()
        found[f"weighted_{metric}"] = np.average(of_classes.loc[which, metric], weights=actual.sum(axis=0)[which])
    return found


def delta_error(counts: np.ndarray, metric: Callable[[np.ndarray], float]) -> float:
    """Standard error of a function of the counts of a multinomial: the delta method with a numerical gradient."""
    n, step = counts.sum(), 1e-6
    shares = counts / n
    slopes = np.array([(metric(shares + step * unit) - metric(shares - step * unit)) / 2 / step for unit in np.eye(len(counts))])
    return float(np.sqrt((shares @ slopes**2 - (shares @ slopes) ** 2) / n))


def ranking(frame: pd.DataFrame, k: int) -> Values:
    """Means over the queries with a label; `frame` has query_id, prediction_id, score, label."""
    rows = [query(part, k) for _, part in frame.groupby("query_id") if part["label"].notna().any()]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} if rows else {}


def query(part: pd.DataFrame, k: int) -> Values:
    """One query: an item without a label is not relevant; ties are broken by prediction id, for NDCG they share their discount."""
    relevance = part["label"].fillna(0).to_numpy(float)
    ordered = part.assign(relevance=relevance).sort_values(["score", "prediction_id"], ascending=[False, True])
    hits = (ordered["relevance"] > 0).to_numpy()[:k]
    places = np.flatnonzero(hits) + 1
    relevant = int((relevance > 0).sum())
    precisions = [hits[:place].mean() for place in places]
    gains, score = 2**relevance - 1, part["score"].to_numpy(float)
    return {
        # scikit-learn has no NDCG of one item.
        "ndcg": metrics.ndcg_score([gains], [score], k=k) if len(part) > 1 else float(gains[0] > 0),
        "mrr": 1 / places[0] if len(places) else 0.0,
        "map": sum(precisions) / min(k, relevant) if relevant else 0.0,
        "hit_rate": float(len(places) > 0),
    }
