"""BI tools rely on the columns of the rpt_ views: each has a contract that dbt enforced when it built them."""

import json

import pytest

from tests.project import REPOSITORY, PostgresProject


def test_every_view_has_a_contract_and_keeps_it(postgres: PostgresProject) -> None:
    manifest = json.loads((postgres.directory / "target" / "manifest.json").read_text())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    views = [node for node in models if "__rpt_" in node["name"]]
    assert {view["name"] for view in views} == {path.stem for path in (REPOSITORY / "models" / "report").glob("*.sql")}
    assert [view["name"] for view in views if not view["contract"]["enforced"]] == []
    rows = postgres.rows(
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'main_ml_monitor'"
    )
    found = {(table, column): kind.removesuffix(" without time zone") for table, column, kind in rows}
    for view in views:
        declared = {(view["alias"], name): column["data_type"] for name, column in view["columns"].items()}
        assert declared == {key: kind for key, kind in found.items() if key[0] == view["alias"]}


def test_mix_and_rate_of_a_segment_add_up_to_the_change(postgres: PostgresProject) -> None:
    view, whole = (f"main_ml_monitor.ml_monitor__{name}" for name in ("rpt_decomposition", "performance_decomposition"))
    rows = postgres.rows(f"select metric, window_end, span, sum(mix_effect + rate_effect), max(total_change) from {view} group by metric, window_end, span")
    assert {row[0] for row in rows} == {"accuracy", "brier", "log_loss", "prevalence"}
    assert len({row[1:3] for row in rows}) == 1, "one window"
    newest = postgres.rows(f"select max(window_end) from {whole} where span = {rows[0][2]}")
    assert rows[0][1] == newest[0][0]
    for _, _, _, effects, change in rows:
        assert effects == pytest.approx(change, abs=1e-12)
