"""A local server that answers as Airtable's API does when records are listed: pages, tokens, fields, views, one formula."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "pat_of_a_test"


class Airtable:
    """One base `appTest` with one table `Reviews`."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.modified: dict[str, datetime] = {}
        self.columns = {"Prediction", "Right answer", "Who", "When", "Notes", "Tags"}
        self.failures: list[int] = []
        """Statuses to answer with before anything else."""
        self.fail_on_page: int | None = None
        self.asked: list[dict[str, list[str]]] = []
        self.url = ""

    def put(self, number: int, modified: datetime | None = None, **fields: Any) -> None:
        """Make or change a record; an empty field is left out, as Airtable does."""
        name = f"rec{number:014}"
        self.records[name] = {key: value for key, value in fields.items() if value not in (None, "", [])}
        self.modified[name] = modified or datetime.now(UTC).replace(tzinfo=None)

    def listed(self, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """Status and content of one page."""
        self.asked.append(query)
        wanted = query.get("fields[]", query.get("fields", []))
        if unknown := set(wanted) - self.columns:
            return 422, _error("UNKNOWN_FIELD_NAME", f'Unknown field name: "{sorted(unknown)[0]}"')
        names = sorted(self.records)
        if formula := query.get("filterByFormula"):
            found = re.fullmatch(r"IS_AFTER\(LAST_MODIFIED_TIME\(\), '(.*)\.000Z'\)", formula[0])
            if found is None:
                return 422, _error("INVALID_FILTER_BY_FORMULA", f"The formula is invalid: {formula[0]}")
            names = [name for name in names if self.modified[name] > datetime.fromisoformat(found[1])]
        first = int(query.get("offset", ["itr0/0"])[0].partition("/")[2])
        if self.fail_on_page == first // 100:
            return 500, _error("SERVER_ERROR", "try again")
        page = names[first : first + 100]
        records = [
            {
                "id": name,
                "createdTime": "2024-05-01T00:00:00.000Z",
                "fields": {key: value for key, value in self.records[name].items() if not wanted or key in wanted},
            }
            for name in page
        ]
        return 200, {"records": records, **({"offset": f"itr0/{first + 100}"} if len(names) > first + 100 else {})}


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"type": kind, "message": message}}


@contextmanager
def serving() -> Iterator[Airtable]:
    """The server, running."""
    airtable = Airtable()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if airtable.failures:
                status, content = airtable.failures.pop(0), _error("FAILED", "not now")
            elif self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, content = 401, _error("AUTHENTICATION_REQUIRED", "Authentication required")
            elif unquote(address.path) != "/v0/appTest/Reviews":
                status, content = 404, _error("NOT_FOUND", "Could not find what you are looking for")
            else:
                status, content = airtable.listed(parse_qs(address.query))
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    airtable.url = f"http://127.0.0.1:{server.server_port}"
    yield airtable
    server.shutdown()
    server.server_close()
