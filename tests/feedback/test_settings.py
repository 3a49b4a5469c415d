"""feedback.yml and the commands: what is wrong is said, with what is allowed."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ml_monitor.cli import app
from ml_monitor.feedback.errors import FeedbackError
from ml_monitor.feedback.keys import hashed
from ml_monitor.feedback.rate import TokenBucket
from ml_monitor.feedback.settings import PEPPER, FeedbackSettings

KEY = {"name": "web", "sha256": "0" * 64, "source": "users", "scopes": ["write"]}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kyes": []}, "kyes"),
        ({"keys": [{**KEY, "scopes": ["admin"]}]}, "Allowed: read, write, write:rating"),
        ({"keys": [{**KEY, "sha256": "the key itself"}]}, "sha256"),
        ({"keys": [KEY, {**KEY, "sha256": "1" * 64}]}, "two keys have the name 'web'"),
        ({"keys": [KEY, {**KEY, "name": "app"}]}, "two keys have the sha256"),
        ({"redact": {"prediction_id": "hash"}}, "cannot redact 'prediction_id'"),
        ({"redact": {"reviewer": "blur"}}, "redact.reviewer"),
        ({"redact": {"payload": "hash"}}, "can be dropped, not hashed"),
        ({"max_batch": 0}, "max_batch"),
        ([1], "the file"),
    ],
)
def test_what_is_wrong_in_the_file_is_said(tmp_path: Path, settings: Any, words: str) -> None:
    path = tmp_path / "feedback.yml"
    path.write_text(yaml.safe_dump(settings))
    with pytest.raises(FeedbackError, match="is wrong") as error:
        FeedbackSettings.load(path)
    assert words in str(error.value)


def test_hashes_need_a_pepper_of_some_length(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = FeedbackSettings.model_validate({"redact": {"reviewer": "hash"}})
    for pepper in ("", "short"):
        monkeypatch.setenv(PEPPER, pepper)
        with pytest.raises(FeedbackError, match=PEPPER):
            settings.pepper()
    assert FeedbackSettings().pepper() == b"short", "nothing is hashed"


def test_a_key_is_shown_once_and_kept_as_a_hash() -> None:
    runner = CliRunner()
    made = runner.invoke(app, ["feedback", "key", "website", "--source", "users", "--scope", "write:thumb"])
    key = made.stdout.splitlines()[0]
    assert hashed(key) in made.output
    assert made.output.count(key) == 1
    wrong = runner.invoke(app, ["feedback", "key", "Web Site", "--source", "users", "--scope", "all"])
    assert wrong.exit_code == 1
    assert "unknown scopes all" in wrong.output


def test_serving_needs_a_file_keys_and_monitors(tmp_path: Path) -> None:
    def said() -> str:
        result = CliRunner().invoke(app, ["feedback", "serve", "--project-dir", str(tmp_path)])
        assert result.exit_code == 1
        return result.output

    (tmp_path / "dbt_project.yml").write_text("name: x")
    assert "feedback.yml does not exist" in said()
    (tmp_path / "feedback.yml").write_text("")
    assert "has no keys" in said()
    (tmp_path / "feedback.yml").write_text(yaml.safe_dump({"keys": [KEY]}))
    assert "declares no monitor" in said()


def test_the_bucket_refills_and_lets_a_large_batch_pass_late() -> None:
    bucket = TokenBucket.full(rate=10, burst=5, now=0)
    assert [bucket.take(1, 0) for _ in range(6)] == [0, 0, 0, 0, 0, 0.1]
    assert bucket.take(1, 0.1) == 0
    assert bucket.take(20, 0.2) > 0
    assert bucket.take(20, 0.6) == 0, "more than the burst, when it is full"
    assert bucket.take(1, 1.6) > 0, "but as a debt"
    assert bucket.take(1, 2.3) == 0
    assert bucket.take(1, -5) > 0 or bucket.tokens >= 0, "a clock set back gives nothing"
