"""The HTML snippet in a real browser, on a page of another origin, against the real API."""

import functools
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect
from typer.testing import CliRunner

from bench import feedback_place
from ml_monitor.cli import app
from ml_monitor.feedback.keys import hashed
from tests.feedback.conftest import Server

KEY = "key-of-a-page"
HOSTILE = "<img src=x onerror=alert(1)>"
THANKS, SAVED = "Thank you.", "Saved here; it is sent when the connection is back."


class Site:
    """A page with the snippet, and the API on another port."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        handler = functools.partial(_Quiet, directory=str(directory))
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/page.html"
        key = {"name": "page", "sha256": hashed(KEY), "source": "users", "scopes": ["write:thumb"], "rate": 1000, "burst": 1000}
        origin = self.url.removesuffix("/page.html")
        self.place = feedback_place.make(directory / "project", keys=[key], origins=[origin])
        self.api = Server(self.place, "--no-flush")
        html = CliRunner().invoke(app, ["feedback", "snippet"]).stdout
        for what, instead in {
            "https://feedback.example": f"http://127.0.0.1:{self.api.port}",
            "mlm_…": KEY,
            "Was this helpful?": HOSTILE.replace("<", "&lt;"),
        }.items():
            html = html.replace(what, instead, 1)
        start = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Page</title><main><h1>Page</h1>'
        (directory / "page.html").write_text(f"{start}{html}</main></html>")
        (directory / "away.html").write_text("<!doctype html><title>Away</title>")

    def said(self, count: int) -> list[dict[str, Any]]:
        """The events in the buffer, as soon as there are so many."""
        for _ in range(200):
            if len(kept := self.api.kept()) >= count:
                return kept
            time.sleep(0.1)
        raise AssertionError(f"{len(self.api.kept())} events, expected {count}")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def module_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.http.shutdown()
    made.http.server_close()
    made.api.client.close()
    if made.api.process.running:
        made.api.process.kill()


@pytest.fixture
def site(module_site: Site) -> Site:
    """The same server for all tests, running, with an empty buffer."""
    if not module_site.api.process.running:
        module_site.api.start()
    import sqlite3

    with sqlite3.connect(module_site.place.project_dir / "feedback_buffer.db") as buffer:
        buffer.execute("delete from events")
    return module_site


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    contexts = []

    def go(before: Callable[[Page], None] = lambda _: None) -> Page:
        context = chromium.new_context(bypass_csp=True)
        contexts.append(context)
        page = context.new_page()
        before(page)
        page.goto(site.url)
        return page

    yield go
    for context in contexts:
        context.close()


def thumb(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name)


def test_a_thumb_is_given_with_the_keyboard_and_changed(site: Site, visit: Callable[..., Page]) -> None:
    page = visit()
    assert page.get_by_role("group", name=HOSTILE).count() == 1, "text stays text"
    assert page.locator("img").count() == 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(THANKS)
    expect(thumb(page, "Yes")).to_have_attribute("aria-pressed", "true")
    thumb(page, "Yes").click()
    thumb(page, "No").click()
    expect(thumb(page, "Yes")).to_have_attribute("aria-pressed", "false")
    first, second = site.said(2)
    assert (first["kind"], first["value"], first["monitor"], first["prediction_id"]) == ("thumb", 1.0, "flight_delay", "UA-1545")
    assert (first["source"], first["client"], first["model_version"]) == ("users", "page", None)
    assert (second["value"], second["supersedes_feedback_id"]) == (0.0, first["feedback_id"])
    assert page.evaluate("Object.keys(localStorage).length") == 0, "nothing waits"


def test_axe_finds_no_violation(visit: Callable[..., Page]) -> None:
    found = Axe().run(visit()).response["violations"]
    assert [(one["id"], [node["html"][:100] for node in one["nodes"]]) for one in found] == []


def test_a_server_that_is_away_gets_it_later_and_once(site: Site, visit: Callable[..., Page]) -> None:
    page = visit()
    site.api.process.kill()
    thumb(page, "Yes").click()
    expect(page.get_by_role("status")).to_have_text(SAVED)
    page.reload()
    site.api.start()
    assert [event["value"] for event in site.said(1)] == [1.0]
    page.reload()
    page.wait_for_timeout(500)
    assert len(site.said(1)) == 1


def test_an_answer_that_was_lost_does_not_double_it(site: Site, visit: Callable[..., Page]) -> None:
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().text())
            route.abort()
        else:
            route.continue_()

    page = visit(lambda page: page.route("**/v1/feedback", lose_the_first))
    thumb(page, "No").click()
    expect(page.get_by_role("status")).to_have_text(THANKS, timeout=20_000)
    assert "accepted" in lost[0]
    assert len(site.said(1)) == 1


def test_it_outlives_the_page(site: Site, visit: Callable[..., Page]) -> None:
    page = visit()
    page.evaluate("() => { document.querySelector('.mlm-thumbs button').click(); location.href = 'away.html'; }")
    page.wait_for_url("**/away.html")
    assert [event["value"] for event in site.said(1)] == [1.0]


def test_too_many_are_sent_when_the_server_says(site: Site, visit: Callable[..., Page]) -> None:
    refused: list[float] = []

    def busy(route: Route) -> None:
        if route.request.method == "POST" and not refused:
            refused.append(time.monotonic())
            allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After", "Retry-After": "3"}
            route.fulfill(status=429, headers=allowed, body="{}")
        else:
            route.continue_()

    page = visit(lambda page: page.route("**/v1/feedback", busy))
    thumb(page, "Yes").click()
    expect(page.get_by_role("status")).to_have_text(THANKS, timeout=20_000)
    assert time.monotonic() - refused[0] >= 3
    assert len(site.said(1)) == 1


def test_a_clock_that_is_wrong_loses_nothing(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(lambda page: page.clock.set_fixed_time(datetime.now() + timedelta(days=3)))
    thumb(page, "Yes").click()
    expect(page.get_by_role("status")).to_have_text(THANKS)
    (event,) = site.said(1)
    assert event["occurred_at"] == event["received_at"]


def test_a_key_that_is_not_valid_is_said_and_not_tried_for_ever(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(
        lambda page: page.add_init_script(
            "addEventListener('DOMContentLoaded', () => document.querySelector('.mlm-thumbs').dataset.key = 'x')"
        )
    )
    thumb(page, "Yes").click()
    expect(page.get_by_role("status")).to_have_text("Sorry, this could not be taken.")
    assert page.evaluate("Object.keys(localStorage).length") == 0
    assert site.api.kept() == []


def test_a_page_of_another_origin_may_not_send(site: Site, visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto(site.url.replace("127.0.0.1", "localhost"))
    thumb(page, "Yes").click()
    expect(page.get_by_role("status")).to_have_text(SAVED)
    assert site.api.kept() == []


def test_the_file_loads_nothing() -> None:
    html = CliRunner().invoke(app, ["feedback", "snippet"]).stdout
    assert not re.search(r"""(src|href)\s*=|@import|url\(|innerHTML|eval\(|document\.write""", html)
