"""The pages beside the report, looked at by axe: the comparison that a retraining leaves, and the answers to an alert."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from starlette.testclient import TestClient

from ml_monitor.alerts.answer_app import answer_app
from ml_monitor.alerts.answers import AnswerLinks
from ml_monitor.retraining import register_version, retrain
from ml_monitor.warehouse import Warehouse
from tests.delivery.contract import DDL
from tests.retraining.conftest import NOW, TRAINERS, make_world, synthetic_logs, synthetic_spec

SECRET = "a-secret-of-many-letters"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a real retraining wrote, with slices and calibration."""
    directory = tmp_path_factory.mktemp("evaluation")
    (directory / "page_trainers.py").write_text(TRAINERS)
    world = make_world(directory, synthetic_spec("page_trainers:good"), synthetic_logs())
    register_version(world.warehouse, "toy", "v1", now=NOW - timedelta(days=60), reason="first release")
    result = retrain(world.warehouse, "toy", now=NOW, trigger="manual", project_dir=directory)
    assert result.status == "promoted", result.reason
    return next(directory.rglob("evaluation.html"))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The HTML of each page of the application, as it answers."""
    warehouse = Warehouse(f"duckdb:///{tmp_path_factory.mktemp('answers') / 'warehouse.duckdb'}")
    for statement in DDL:
        warehouse.execute(statement)
    client = TestClient(answer_app(warehouse, SECRET, lambda: NOW, lambda: NOW))
    event = {"event_type": "opened", "incident_id": "a1b2c3d4e5f6"}
    made = AnswerLinks("http://testserver", SECRET).of(event, "psi of <amount> = 0.4 is above 0.25", NOW)
    pages = {label: client.get(link).text for label, link in made}
    return pages | {"forged": client.get("/forged").text, "unknown incident": client.post(made[0][1]).text}


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Open]:
    contexts = []

    def open_page(**options: str | int | dict[str, int]) -> Page:
        contexts.append(chromium.new_context(offline=True, bypass_csp=True, **options))
        return contexts[-1].new_page()

    yield open_page
    for context in contexts:
        context.close()


def violations(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found]


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_in_a_comparison(evaluation: Path, visit: Open, scheme: str, width: int) -> None:
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto(evaluation.as_uri())
    assert page.locator("table").count() == 2 and "region = north" in page.inner_text("body")
    assert violations(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_in_an_answer(answers: dict[str, str], visit: Open, scheme: str, width: int) -> None:
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 800})
    assert set(answers) == {"Acknowledge", "Snooze for a day", "forged", "unknown incident"}
    found = {}
    for name, html in answers.items():
        page.set_content(html)
        assert page.locator("h1").inner_text().strip()
        found[name] = violations(page)
    assert {name: each for name, each in found.items() if each} == {}
