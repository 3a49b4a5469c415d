"""The docs site, built by mkdocs: a broken link or a missing page fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    for page in ("index.html", "metrics/psi/index.html", "how_to/connect_a_bi_tool/index.html"):
        assert (tmp_path / "site" / page).is_file()
