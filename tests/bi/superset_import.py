"""Runs in Superset's own environment: imports a bundle with Superset's commands, then asks its API for the data of every chart.

Its arguments are the bundle and the file for the answers; SUPERSET_CONFIG_PATH names the configuration.
"""

import json
import sys
from pathlib import Path

from click import Command
from click.testing import CliRunner
from flask_appbuilder import Model
from superset.app import create_app

PASSWORD = "only for this test"
DASHBOARD = "/api/v1/dashboard/model-monitoring"

bundle, answers = sys.argv[1:]
app = create_app()


def run(command: Command, *arguments: str) -> None:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 0, (command.name, done.output, done.exception)


with app.app_context():
    from superset import security_manager
    from superset.cli.importexport import import_dashboards
    from superset.cli.main import init
    from superset.extensions import db

    # The tables as the models are now, instead of ten years of migrations.
    Model.metadata.create_all(db.engine)
    run(init)
    admin = security_manager.find_role("Admin")
    assert security_manager.add_user("admin", "Ad", "Min", "admin@example.com", admin, PASSWORD)
    for _ in range(2):  # again changes nothing
        run(import_dashboards, "--path", bundle, "--username", "admin")

client = app.test_client()
login = client.post("/api/v1/security/login", json={"username": "admin", "password": PASSWORD, "provider": "db"})
headers = {"Authorization": f"Bearer {login.json['access_token']}"}


def get(path: str) -> tuple[int, dict]:
    answer = client.get(path, headers=headers)
    return answer.status_code, answer.json


def result(path: str) -> object:
    status, content = get(path)
    assert status == 200, (path, content)
    return content["result"]


dashboard = result(DASHBOARD)
charts = {}
for chart in result(f"{DASHBOARD}/charts"):
    status, content = get(f"/api/v1/chart/{chart['id']}/data/")
    charts[chart["slice_name"]] = content["result"][0] if status == 200 else {"status": status, "error": content}
found = {
    "title": dashboard["dashboard_title"],
    "filters": json.loads(dashboard["json_metadata"])["native_filter_configuration"],
    "charts": charts,
    "datasets": {
        one["table_name"]: {"id": one["id"], "schema": one["schema"]} for one in result("/api/v1/dataset/?q=(page_size:100)")
    },
    "databases": [result(f"/api/v1/database/{one['id']}/connection") for one in result("/api/v1/database/")],
}
Path(answers).write_text(json.dumps(found))
