"""Promises of the documentation, on few repetitions; bench/ measures them on many."""

import subprocess
import sys
from pathlib import Path

from bench import promotion_rates

REPOSITORY = Path(__file__).parents[2]


def test_killed_runs_end_in_the_same_champion() -> None:
    # In a process of its own: it forks, and this one may hold the threads of a library.
    command = [sys.executable, "-m", "bench.retraining_kills", "--kills", "4"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=600)
    assert "kills: 4\nsame_champion: 4\nhalf_promoted: 0\nduplicates: 0\n" in done.stdout


def test_a_challenger_that_is_no_better_rarely_wins_and_a_better_one_does() -> None:
    # Of 60 a rate of 0.025 gives more than 7 once in ten thousand times; of 5 a rate of 0.99 gives less than 3 hardly ever.
    assert promotion_rates.rate(0.0, 60).promoted <= 7
    assert promotion_rates.rate(0.02, 5).promoted >= 3
