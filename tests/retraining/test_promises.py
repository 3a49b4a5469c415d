"""Promises of the documentation, on few repetitions; bench/ measures them on many."""

from pathlib import Path

from bench import promotion_rates, retraining_kills


def test_killed_runs_end_in_the_same_champion(tmp_path: Path) -> None:
    count = retraining_kills.run(4, tmp_path, say=lambda line: None)
    assert (count.kills, count.same_champion, count.half_promoted, count.duplicates) == (4, 4, 0, 0)


def test_a_challenger_that_is_no_better_rarely_wins_and_a_better_one_does() -> None:
    # Of 60 a rate of 0.025 gives more than 7 once in ten thousand times; of 5 a rate of 0.99 gives less than 3 hardly ever.
    assert promotion_rates.rate(0.0, 60).promoted <= 7
    assert promotion_rates.rate(0.02, 5).promoted >= 3
