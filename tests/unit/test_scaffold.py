"""Files and configuration that `add` and `init` write."""

from pathlib import Path

import pytest
import yaml

from ml_monitor.scaffold import ScaffoldError, add_files, config_block, insert_config, install, validate_name

BLOCK = config_block("churn", "raw.predictions", {"amount": "numeric", "no": "categorical", "two words": "numeric"})
CHURN = {
    "predictions": "raw.predictions",
    "task": "binary",
    "reference": {"trailing": 28},
    "features": {"amount": "numeric", "no": "categorical", "two words": "numeric"},
}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Churn",
        "1churn",
        "churn-model",
        "a.b",
        "../etc",
        "x'); drop",
        "a__b",
        "churn_",
        "class",
        "é",
        "a" * 41,
        "a\n",
    ],
)
def test_names_that_cannot_be_part_of_a_model_name(name):
    with pytest.raises(ScaffoldError, match="Allowed: lower case"):
        validate_name(name)


def test_the_three_files_with_what_they_are(tmp_path):
    paths = add_files("churn", tmp_path / "models" / "monitoring")
    assert {path.name: path.read_text() for path in paths if path.suffix == ".sql"} == {
        "churn__reference.sql": "{{ ml_monitor.reference('churn') }}\n",
        "churn__feature_profile.sql": "{{ ml_monitor.feature_profile('churn') }}\n",
        "churn__outcome_profile.sql": "{{ ml_monitor.outcome_profile('churn') }}\n",
    }
    assert {path.name for path in paths if path.suffix == ".yml"} == {
        "churn__reference.yml",
        "churn__feature_profile.yml",
        "churn__outcome_profile.yml",
    }
    (model,) = yaml.safe_load((tmp_path / "models/monitoring/churn__reference.yml").read_text())["models"]
    assert model["name"] == "churn__reference"
    assert model["description"].startswith("Frozen bins of the churn monitor")


def test_the_file_of_the_option_multivariate(tmp_path):
    assert len(add_files("churn", tmp_path / "new", optional=["feature_moments"])) == 8
    add_files("churn", tmp_path / "later")
    added, described = add_files("churn", tmp_path / "later", optional=["feature_moments"])
    assert described.name == "churn__feature_moments.yml"
    assert added.read_text() == "{{ ml_monitor.feature_moments('churn') }}\n"
    with pytest.raises(ScaffoldError, match="already there"):
        add_files("churn", tmp_path / "later", optional=["feature_moments"])


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path):
    (tmp_path / "churn__outcome_profile.sql").write_text("mine")
    with pytest.raises(ScaffoldError, match=r"already there: .*churn__outcome_profile\.sql"):
        add_files("churn", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["churn__outcome_profile.sql"]


@pytest.mark.parametrize(
    "text",
    [
        "name: shop\n",
        "name: shop\nvars:\n  # a comment\n  other: 1\n",
        "name: shop\nvars:\n  ml_monitor__monitors: {}  # none yet\n  other: 1\n",
        "name: shop\nvars:\n  ml_monitor__monitors:\n",
        "name: shop\nvars:\n    ml_monitor__monitors:\n        # one\n        f: {bins: 5}\n    x: 1\n",
        "name: shop\nvars:  # all\n  other: 1\n  ml_monitor__monitors:  # here\n    fraud: {task: binary}\n",
        "name: shop\r\nvars:\r\n  ml_monitor__monitors: {}\r\n",
    ],
)
def test_the_monitor_is_added_and_everything_else_stays(text):
    after = insert_config(text, "churn", BLOCK)
    assert after is not None
    before = yaml.safe_load(text)
    expected = dict((before.get("vars") or {}).get("ml_monitor__monitors") or {}, churn=CHURN)
    parsed = yaml.safe_load(after)
    assert parsed["vars"].pop("ml_monitor__monitors") == expected
    assert parsed["vars"] == {k: v for k, v in (before.get("vars") or {}).items() if k != "ml_monitor__monitors"}
    for line in text.splitlines():
        comment = line[line.index("#") :] if "#" in line else ""
        assert comment in after


@pytest.mark.parametrize(
    "text",
    [
        "name: shop\nvars: {other: 1}\n",
        "name: shop\nvars:\n  ml_monitor__monitors: {fraud: {task: binary}}\n",
        "name: shop\nvars:\n  ml_monitor__monitors: &anchor\n    fraud: {}\n",
        "name: [broken\n",
        "",
    ],
)
def test_what_cannot_be_changed_safely_is_left_alone(text):
    assert insert_config(text, "churn", BLOCK) is None


@pytest.fixture
def project_dir(tmp_path: Path) -> Path:
    (tmp_path / "dbt_project.yml").write_text("name: shop  # ours\nprofile: shop\n")
    return tmp_path


def test_install_into_an_empty_project_and_again(project_dir):
    first = install(project_dir, {"local": "../package"})
    assert {path.name for path in first.changed} == {"packages.yml", "dbt_project.yml"}
    assert yaml.safe_load((project_dir / "packages.yml").read_text()) == {"packages": [{"local": "../package"}]}
    assert "name: shop  # ours" in (project_dir / "dbt_project.yml").read_text()
    before = {path: path.read_text() for path in project_dir.iterdir()}

    again = install(project_dir, {"local": "../package"})
    assert (again.changed, again.by_hand) == ((), ())
    assert {path: path.read_text() for path in project_dir.iterdir()} == before


@pytest.mark.parametrize("indent", ["", "  "])
def test_install_beside_other_packages(project_dir, indent):
    packages = project_dir / "packages.yml"
    packages.write_text(f"packages:\n{indent}- package: dbt-labs/dbt_utils  # utils\n{indent}  version: 1.3.0\n")
    package = {"git": "https://git.example/dbt-ml-monitor.git", "revision": "v0.1.0"}
    install(project_dir, package)
    assert "# utils" in packages.read_text()
    assert yaml.safe_load(packages.read_text())["packages"] == [
        {"package": "dbt-labs/dbt_utils", "version": "1.3.0"},
        package,
    ]
    assert install(project_dir, {"git": "git@git.example:team/dbt-ml-monitor"}).changed == ()


def test_install_says_what_it_could_not_do(project_dir):
    (project_dir / "packages.yml").write_text("packages: [{local: ../other}]\n")
    (project_dir / "dbt_project.yml").write_text("name: shop\nvars: {other: 1}\n")
    done = install(project_dir, {"local": "../package"})
    assert done.changed == ()
    assert "- local: ../package" in done.by_hand[0]
    assert "ml_monitor__monitors: {}" in done.by_hand[1]
    assert (project_dir / "packages.yml").read_text() == "packages: [{local: ../other}]\n"


def test_roles_that_the_log_has_under_other_names_are_left_to_fill_in():
    block = config_block("churn", "raw.predictions", {"amount": "numeric"}, {"score": "y_score"})
    assert "# score: a_column  # the log has no y_score" in block
    assert set(yaml.safe_load(block)["churn"]) == {"predictions", "task", "reference", "features"}
