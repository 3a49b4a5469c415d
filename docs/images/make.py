"""Pictures of the gallery from the demo's report: `python docs/images/make.py dbt_project/report.html`."""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
MONITOR = "#/monitor/flight_delay"
# Name, page, height of the window, and the heading that the picture begins at.
PICTURES = (
    ("report", MONITOR, 1000, None),
    ("performance", f"{MONITOR}/performance", 760, "What another cut-off would do"),
    ("segments", f"{MONITOR}/performance", 520, "By segment, worst first"),
    ("gate", f"{MONITOR}/gate", 760, None),
    ("feature", f"{MONITOR}/feature/temp", 760, None),
)


def shoot(page: Page, name: str, route: str, height: int, heading: str | None) -> None:
    """One picture of what a reader sees."""
    page.set_viewport_size({"width": 1280, "height": height})
    page.evaluate("route => { location.hash = route; }", route)
    page.wait_for_function("route => document.documentElement.dataset.shown === route", arg=route)
    page.evaluate("scrollTo(0, 0)")
    if heading:
        page.get_by_role("heading", name=heading).evaluate("heading => heading.scrollIntoView()")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.screenshot(path=HERE / f"{name}.png")


def main(report: Path) -> None:
    """Look at the report as a reader does, and keep what is seen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(color_scheme="light")
        page.goto(report.resolve().as_uri())
        for picture in PICTURES:
            shoot(page, *picture)
        dark = browser.new_page(color_scheme="dark")
        dark.goto(report.resolve().as_uri())
        shoot(dark, "report_dark", MONITOR, 1000, None)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
