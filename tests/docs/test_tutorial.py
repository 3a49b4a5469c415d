"""The tutorial, typed in by a machine: its files and commands in a new directory, with a second monitor on a table of other names."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
import yaml
from sklearn.metrics import roc_auc_score

from tests.project import REPOSITORY, Project, failure

TUTORIAL = REPOSITORY / "docs" / "tutorials" / "your_own_log.md"
CLONE = "/path/to/dbt-ml-monitor"
# The tables of the second monitor, which the tutorial takes for granted.
LOANS = {
    "loan_decisions": """
        select
            'a' || i as application_id,
            timestamp '2026-01-01' + to_minutes(i * 24) as scored_at,
            'm1' as model,
            1000 + (i * 7919) % 5000 as income,
            case when i % 3 = 0 then 'self-employed' else 'employed' end as employment,
            ((i * 104729) % 1000) / 1000.0 as default_score,
            (i * 104729) % 1000 < 300 as approved
        from range(4200) as r(i)""",
    "loan_outcomes": """
        select application_id, default_score > 0.2 and hash(application_id) % 10 < 6 as defaulted, scored_at + interval 20 day as known_at
        from {{ ref('loan_decisions') }}""",
}
MARTS = "main_ml_monitor.ml_monitor__"


class Block(NamedTuple):
    section: int
    before: str
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The file that the sentence before the block names."""
        named = re.match(r"`([\w/]+\.(?:yml|sql))`", self.before.rsplit("\n\n", 1)[-1])
        return named[1] if named else None

    @property
    def commands(self) -> list[str]:
        return [line.split("  #")[0].strip() for line in self.text.splitlines() if line.strip()]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of the numbered sections."""
    found = []
    for number, section in re.findall(r"^## (\d)\. [^\n]*\n(.*?)(?=^## |\Z)", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        end = 0
        for block in re.finditer(r"^```(\w+)\n(.*?)^```\n", section, re.MULTILINE | re.DOTALL):
            found.append(Block(int(number), section[end : block.start()].strip(), block[1], block[2]))
            end = block.end()
    return found


class Shop:
    """The directory of the tutorial, after its sections 1 to 4 and 6, then 5: one build of both monitors."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.output: dict[str, str] = {}
        steps = blocks(TUTORIAL)
        self.type(steps, 1, only="mkdir")
        self.directory = home / "shop"
        for block in steps:
            if block.file:
                self.write(block.file, block.text)
        self.type(steps, 3)
        self.type(steps, 4)
        self.declare(steps, 4)
        for name, query in LOANS.items():
            self.write(f"models/{name}.sql", query)
        self.run("dbt run --select loan_decisions loan_outcomes")
        self.run("ml-monitor add loans --predictions loan_decisions")
        self.declare(steps, 6)
        self.type(steps, 5)

    def write(self, name: str, text: str) -> None:
        (self.directory / name).parent.mkdir(exist_ok=True)
        (self.directory / name).write_text(text, encoding="utf-8")

    def declare(self, steps: list[Block], section: int) -> None:
        """Put the block of a monitor where the tutorial says."""
        (block,) = (block for block in steps if (block.section, block.language) == (section, "yaml"))
        project = yaml.safe_load((self.directory / "dbt_project.yml").read_text())
        given = yaml.safe_load(block.text)
        project["vars"]["ml_monitor__monitors"] |= given["vars"]["ml_monitor__monitors"] if "vars" in given else given
        self.write("dbt_project.yml", yaml.safe_dump(project, sort_keys=False))

    def type(self, steps: list[Block], section: int, only: str = "") -> None:
        for block in steps:
            if block.section == section and block.language == "sh":
                for command in block.commands:
                    if command.startswith(only):
                        self.run(command)

    def run(self, command: str) -> None:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        where = self.home / "shop" if (self.home / "shop").exists() else self.home
        quiet = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1", "COLUMNS": "200"}
        done = subprocess.run(command.replace(CLONE, str(REPOSITORY)), shell=True, cwd=where, env=os.environ | quiet | {"PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        self.output[command] = done.stdout + done.stderr

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.directory / "shop.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("tutorial"))


def test_the_environment_is_that_of_the_tests() -> None:
    """What is not typed: an environment of its own, and the product from a clone into it."""
    (block,) = (block for block in blocks(TUTORIAL) if block.section == 1)
    assert [command.split()[0] for command in block.commands] == ["python3", "pip", "mkdir"]


def test_age_drifted_and_everybody_says_so(shop: Shop) -> None:
    newest = f"select status, reason from {MARTS}verdicts where monitor = 'churn' and metric = 'psi' and feature = 'age' order by window_start desc limit 1"
    ((status, reason),) = shop.rows(newest)
    assert status == "alert"
    assert "psi of age" in reason
    assert "psi of age" in shop.output["ml-monitor status"]
    assert "psi of age" in shop.output["ml-monitor deliver"]
    (page,) = shop.directory.rglob("*report*.html")
    assert "churn" in page.read_text(encoding="utf-8")


def test_the_second_monitor_has_its_own_numbers(shop: Shop) -> None:
    assert (shop.directory / "models" / "monitoring" / "loans__reference.sql").exists()
    assert "loans" in shop.output["ml-monitor status"]
    decided = "main.loan_decisions inner join main.loan_outcomes using (application_id) where cast(scored_at as date) = date '2026-03-05'"
    log = shop.rows(f"select defaulted, default_score from {decided}")
    auc = roc_auc_score(*zip(*log, strict=True))
    day = "monitor = 'loans' and segment = '__all__' and model_version = '__all__' and span = 1 and window_start = '2026-03-05'"
    measured = shop.rows(f"select metric_value, sample_size from {MARTS}metric_values where metric = 'roc_auc' and {day}")
    assert measured == [(pytest.approx(auc, abs=1e-9), len(log))]
    judged = dict(shop.rows(f"select feature, status from {MARTS}verdicts where metric = 'psi' and {day}"))
    assert judged.keys() == {"income", "employment", "__score__", "__prediction__"}


def test_the_readme_declares_a_monitor_that_parses(tmp_path: Path) -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (declared,) = (block for block in re.findall(r"^```yaml\n(vars:\n.*?)^```", text, re.MULTILINE | re.DOTALL))
    project = Project(tmp_path / "project", yaml.safe_load(declared)["vars"]["ml_monitor__monitors"])
    for model in ("churn_predictions", "churn_labels"):
        (project.directory / "models" / f"{model}.sql").write_text("select 1 as prediction_id")
    result = project.dbt("parse")
    assert result.success, failure(result)
    commands = {command for block in blocks(TUTORIAL) if block.language == "sh" for command in block.commands}
    typed = re.findall(r"^((?:dbt|ml-monitor) [^#\n]*?)(?=\s*#|$)", text.split("## What you get")[0], re.MULTILINE)
    assert len(typed) >= 8
    assert {part.strip() for command in typed for part in command.split("&&")} - {"ml-monitor import nannyml nannyml.yaml --name churn"} <= commands
