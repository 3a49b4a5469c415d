"""Pictures of the gallery from the demo's report: `python docs/images/make.py dbt_project/report.html`."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
EXPLORER = "#flight_delay details.explore"


def main(report: Path) -> None:
    """Look at the report as a reader does, and keep what is seen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 800})
            page.goto(report.resolve().as_uri())
            page.locator(f"{EXPLORER} summary").click()
            page.locator(EXPLORER).screenshot(path=HERE / f"closer_{scheme}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
