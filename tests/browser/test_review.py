"""The reviewers' page: real Streamlit, a real warehouse made by dbt, a real browser."""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from bench import feedback_place
from ml_monitor.feedback.keys import hashed
from ml_monitor.feedback.serve import Place
from ml_monitor.review.desk import Desk, Empty, Item
from ml_monitor.warehouse import Warehouse
from tests.project import Project

HOSTILE = "<img src=x onerror='window.hacked=1'> **bold** :red[x] [link](http://evil.example) `code` $x$"
MONITOR = {
    "predictions": "raw.log",
    "features": {"x": "numeric", "plan": "categorical"},
    "reference": {"from": "2014-01-01", "to": "2014-01-15"},
    "feedback": "raw.labels",
}
TABLES = (
    "ml_monitor__monitors",
    "ml_monitor__feedback_events",
    "ml_monitor__feedback_bookmarks",
    "+ml_monitor__outcome_profiles",
)


def log(rows: int = 30) -> pd.DataFrame:
    moments = pd.date_range("2014-01-01", periods=rows, freq="D")
    return pd.DataFrame(
        {
            "prediction_id": [f"p{number}" for number in range(rows - 1)] + [HOSTILE],
            "predicted_at": moments,
            "model_version": "v1",
            "y_score": [number / rows for number in range(rows)],
            "y_pred": [int(number > 20) for number in range(rows)],
            "x": 1.5,
            "plan": [HOSTILE if number % 2 else "gold" for number in range(rows)],
        }
    )


def labels() -> pd.DataFrame:
    return pd.DataFrame({"prediction_id": ["p0", "p1"], "label": [0, 1], "labelled_at": pd.Timestamp("2014-01-20")})


def configure(project: Project, **settings: Any) -> Place:
    names = {"review": ["write:approval", "write:correction"], "thumbs": ["write:thumb"]}
    keys = [{"name": name, "sha256": hashed(name), "source": "reviewers", "scopes": scopes} for name, scopes in names.items()]
    (project.directory / "feedback.yml").write_text(yaml.safe_dump({"keys": keys, **settings}))
    return Place(project.directory)


class App:
    """`ml-monitor review app`, running."""

    def __init__(self, place: Place, *options: str) -> None:
        self.place, port = place, feedback_place.free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = place.project_dir / "review.log"
        command = [
            sys.executable,
            "-c",
            "from ml_monitor.cli import app; app()",
            "review",
            "app",
            "--port",
            str(port),
            "--no-flush",
        ]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, *options, "--project-dir", str(place.project_dir)], stdout=output, stderr=output
            )
        for _ in range(1200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(self.log.read_text())

    def kept(self) -> list[dict[str, Any]]:
        with self.place.buffer() as buffer:
            return [json.loads(body) for _, body in buffer.read(0, 1000)]

    def stop(self) -> None:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.process.terminate()
        self.process.wait(timeout=60)
        assert not [child for child in children if Path(f"/proc/{child}").exists()], "the page outlived its command"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(
        tmp_path_factory.mktemp("review") / "project", {"flight_delay": MONITOR}, logs={"log": log(), "labels": labels()}
    )
    # Not in this process, which would keep the file.
    dbt = [
        str(Path(sys.executable).with_name("dbt")),
        "run",
        "--select",
        *TABLES,
        "--project-dir",
        str(made.directory),
        "--profiles-dir",
        str(made.directory),
        "--quiet",
    ]
    subprocess.run(dbt, check=True)
    return made


@pytest.fixture(scope="module")
def running(project: Project) -> Iterator[App]:
    app = App(configure(project))
    yield app
    app.stop()


@pytest.fixture
def visit(chromium: Browser, running: App) -> Iterator[Callable[..., Page]]:
    contexts = []

    def go(name: str | None = "Ana", **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": 1300, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(running.url)
        if name:
            page.get_by_role("textbox", name="Your name").fill(name)
            page.keyboard.press("Enter")
        return page

    yield go
    for context in contexts:
        context.close()


def button(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def is_shown(page: Page, prediction: str) -> None:
    expect(page.get_by_role("row", name=f"prediction id {prediction}", exact=True)).to_be_visible(timeout=60_000)


def test_a_reviewer_sees_features_and_score_approves_corrects_and_skips(
    running: App, visit: Callable[..., Page], tmp_path: Path
) -> None:
    page = visit(None)
    expect(page.get_by_text("Write your name on the left")).to_be_visible(timeout=60_000)
    page = visit("Ana")
    is_shown(page, HOSTILE)
    expect(page.get_by_role("row", name="score 0.966667", exact=True)).to_be_visible()
    expect(page.get_by_text("the monitor has no review queue")).to_be_visible()
    assert page.get_by_role("row", name=f"plan {HOSTILE}", exact=True).count() == 1, "data is text"
    page.screenshot(path=tmp_path / "review.png")
    button(page, "Approve").click()
    is_shown(page, "p28")
    expect(page.get_by_text(f"{HOSTILE}: approved")).to_be_visible(timeout=60_000)
    button(page, "Correct").click()
    expect(page.get_by_text("Say what the right answer is.")).to_be_visible(timeout=60_000)
    page.get_by_role("combobox", name="The right answer").fill("0")
    page.keyboard.press("Enter")
    page.get_by_label("Comment (optional)").fill("<script>alert(1)</script>'; drop table x; --")
    button(page, "Correct").click()
    is_shown(page, "p27")
    button(page, "Skip").click()
    is_shown(page, "p26")
    assert page.evaluate("() => window.hacked") is None
    assert page.locator("[data-testid=stMain] img, [data-testid=stMain] a, [data-testid=stMain] strong").count() == 0
    approved, corrected = running.kept()[-2:]
    assert (approved["kind"], approved["prediction_id"], approved["label"]) == ("approval", HOSTILE, None)
    assert (corrected["kind"], corrected["prediction_id"], corrected["label"]) == ("correction", "p28", "0")
    assert corrected["comment"] == "<script>alert(1)</script>'; drop table x; --"
    assert (corrected["reviewer"], corrected["source"], corrected["client"], corrected["model_version"]) == (
        "Ana",
        "reviewers",
        "review",
        "v1",
    )


def test_what_was_answered_is_not_asked_again_and_a_double_click_counts_once(running: App, visit: Callable[..., Page]) -> None:
    page = visit("Bo")
    is_shown(page, HOSTILE)
    before = len(running.kept())
    button(page, "Approve").dblclick()
    is_shown(page, "p28")
    page.wait_for_timeout(1000)
    assert len(running.kept()) == before + 1
    running.place.flush()
    is_shown(visit("Bo"), "p28")
    is_shown(visit("Cy"), HOSTILE)


def test_a_locked_warehouse_is_said_in_words_and_the_answer_is_kept(
    running: App, visit: Callable[..., Page], project: Project
) -> None:
    page = visit("Di")
    is_shown(page, HOSTILE)
    before = len(running.kept())
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(project.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        button(page, "Approve").click()
        expect(page.get_by_text("is in use by another process")).to_be_visible(timeout=60_000)
        assert len(running.kept()) == before + 1
    finally:
        holder.communicate("")
    button(page, "Try again").click()
    is_shown(page, "p28")


def test_axe_finds_no_serious_violation(visit: Callable[..., Page]) -> None:
    page = visit("Eve")
    is_shown(page, HOSTILE)
    found = Axe().run(page).response["violations"]
    own = [one for one in found if one["impact"] in ("serious", "critical") and not _is_of_streamlit(one)]
    assert [(one["id"], [node["html"][:150] for node in one["nodes"]]) for one in own] == []


def _is_of_streamlit(violation: dict[str, Any]) -> bool:
    """What Streamlit's own frame does, not the page's words and widgets."""
    return all(re.search(r"stHeader|stSidebar|stToolbar|glideDataEditor|stApp", node["html"]) for node in violation["nodes"])


def test_a_key_that_may_not_is_said_before_anything_starts(project: Project) -> None:
    place = configure(project)
    for key, words in (
        ("nobody", "has no key 'nobody'. Known: review, thumbs"),
        ("thumbs", "the key thumbs may not send approval"),
    ):
        with pytest.raises(RuntimeError, match=words):
            App(place, "--key", key)


def test_the_queue_is_asked_in_its_order_and_an_empty_one_is_said(project: Project, tmp_path: Path) -> None:
    directory, database = tmp_path / "project", tmp_path / "project" / project.database.name
    shutil.copytree(project.directory, directory, symlinks=True)
    profile = directory / "profiles.yml"
    profile.write_text(profile.read_text().replace(str(project.database), str(database)))
    keys = [{"name": "review", "sha256": hashed("review"), "source": "reviewers", "scopes": ["write:approval", "write:correction"]}]
    (directory / "feedback.yml").write_text(yaml.safe_dump({"keys": keys}))
    desk = Desk(Place(directory), "review")
    spec = {**desk.monitors()["flight_delay"], "review": {"budget": 3}}
    warehouse = Warehouse.from_dbt(directory)
    table, held = warehouse.table("review_queue"), warehouse.table("review_assignments")
    columns = {
        "monitor": "varchar",
        "prediction_id": "varchar",
        "predicted_at": "timestamp",
        "reason": "varchar",
        "place": "integer",
        "queue_date": "date",
        "queued_at": "timestamp",
        "status": "varchar",
        "model_version": "varchar",
        "score": "double",
        "prediction": "varchar",
    }
    described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    queued = warehouse.table("queued")
    # As the view of the package shows it; its own tests are about how it is filled.
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create table {queued} ({described})")
        claims = "monitor varchar, prediction_id varchar, reviewer varchar, status varchar, claimed_at timestamp"
        connection.execute(f"create table {held} ({claims}, expires_at timestamp, updated_at timestamp)")
        answered = f"prediction_id in (select prediction_id from {held} where status = 'answered')"
        shown = f"select * replace (case when {answered} then 'answered' else status end as status), null::timestamp as heard_at"
        connection.execute(f"create view {table} as {shown} from {queued}")

    def queue(prediction_id: str, place: int, reason: str = "drift", status: str = "open") -> None:
        row = {"monitor": "flight_delay", "prediction_id": prediction_id, "place": place, "reason": reason, "status": status}
        row |= {
            "predicted_at": pd.Timestamp("2014-01-06"),
            "queue_date": pd.Timestamp("2014-01-09"),
            "queued_at": pd.Timestamp("2014-01-09"),
        }
        with duckdb.connect(str(database)) as connection:
            connection.execute(
                f"insert into {queued} ({', '.join(row)}) values ({', '.join('?' * len(row))})",
                list(row.values()),
            )

    def asked(reviewer: str, *passed: str) -> Item | Empty:
        return desk.next(spec, reviewer, passed)

    empty = asked("Ana")
    assert isinstance(empty, Empty)
    assert (empty.words.startswith("The queue is empty"), empty.can_browse) == (True, True)
    assert isinstance(desk.next(spec, "Ana", (), browse=True), Item)
    queue("p4", 2, "uncertainty")
    queue("p5", 1, "exploration")
    queue("p6", 3, status="answered")
    queue("gone", 0)
    first = asked("Ana")
    assert isinstance(first, Item)
    assert first.prediction_id == "p5", "the first place, and not what is no longer in the log"
    assert first.reason == "exploration, place 1 of 2014-01-09"
    second = asked("Bo")
    assert isinstance(second, Item)
    assert second.prediction_id == "p4", "what Ana looks at is not asked twice"
    nothing = asked("Cy")
    assert isinstance(nothing, Empty)
    assert nothing.words.startswith("Every prediction in the queue is answered, skipped or with another reviewer")
    desk.let_go(second, "Bo")
    assert asked("Cy") == second, "a skipped one is for somebody else"
    assert desk.answer(first, "Ana", "an-answer-of-ana", label="1") is None
    assert isinstance(asked("Dan"), Empty), "answered, though the event is still in the buffer"
    assert desk.answer(first, "x" * 300, "another-answer") == "reviewer: String should have at most 256 characters"
