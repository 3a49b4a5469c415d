"""BI tools rely on the columns of the rpt_ views: each has a contract that dbt enforced when it built them."""

import json

from tests.project import PostgresProject


def test_every_view_has_a_contract_and_keeps_it(postgres: PostgresProject) -> None:
    manifest = json.loads((postgres.directory / "target" / "manifest.json").read_text())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    views = [node for node in models if "__rpt_" in node["name"] and node["contract"]["enforced"]]
    assert len(views) >= 15
    rows = postgres.rows(
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'main_ml_monitor'"
    )
    found = {(table, column): kind.removesuffix(" without time zone") for table, column, kind in rows}
    for view in views:
        declared = {(view["alias"], name): column["data_type"] for name, column in view["columns"].items()}
        assert declared == {key: kind for key, kind in found.items() if key[0] == view["alias"]}
