"""The API described for programs (OpenAPI 3.1) and for people (one page without a script)."""

from typing import Any

from jinja2 import Environment

from ml_monitor import __version__
from ml_monitor.feedback.event import Event
from ml_monitor.feedback.settings import FeedbackSettings

_REASONS = {
    400: "no JSON",
    401: "no valid key",
    403: "the key has not the scope",
    408: "the body came too slowly",
    409: "this feedback_id was sent before with another content",
    413: "the body is too long",
    415: "Content-Type is not application/json",
    422: "not a valid event: `errors` says where and what",
    429: "too many events: Retry-After says when",
    503: "cannot be kept now: nothing was, send it again",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ info.title }}</title>
<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{padding:.3rem .8rem;text-align:left;
vertical-align:top;border-bottom:1px solid #ccc}</style></head>
<body><main><h1>{{ info.title }}</h1><p>{{ info.description }}</p><p><a href="/openapi.json">openapi.json</a></p>
{% for path, methods in paths.items() %}{% for method, operation in methods.items() %}
<h2>{{ method | upper }} {{ path }}</h2><p>{{ operation.summary }}</p>
<table><tr><th>status</th><th>when</th></tr>
{% for status, response in operation.responses.items() %}
<tr><td>{{ status }}</td><td>{{ response.description }}</td></tr>
{% endfor %}</table>{% endfor %}{% endfor %}
<h2>Event</h2><table><tr><th>field</th><th>what</th></tr>
{% for name, field in components.schemas.Event.properties.items() %}
<tr><td><code>{{ name }}</code>{{ " (required)" if name in components.schemas.Event.required }}</td>
<td>{{ field.description }}</td></tr>
{% endfor %}</table></main></body></html>
"""


def document(settings: FeedbackSettings) -> dict[str, Any]:
    """The OpenAPI document."""
    schema = Event.model_json_schema(ref_template="#/components/schemas/{model}")
    kinds = schema.pop("$defs")
    event, batch = {"$ref": "#/components/schemas/Event"}, {"$ref": "#/components/schemas/Batch"}
    results = {"$ref": "#/components/schemas/Results"}
    result, problem = {"$ref": "#/components/schemas/Result"}, {"$ref": "#/components/schemas/Problem"}
    single = {201: ("kept, on the disk", result), 200: ("sent before, the same: kept once", result)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Feedback",
            "version": __version__,
            "description": "What people said about predictions, or did with them. An event that was answered with 200 or 201 "
            "is on the disk and reaches the warehouse exactly once. Send an event again, unchanged, until it is answered.",
        },
        "paths": {
            "/v1/feedback": {"post": _post("Send one event.", event, single, problem, (*_REASONS,))},
            "/v1/feedback/batch": {
                "post": _post(
                    f"Send up to {settings.max_batch} events; each is answered on its own, in their order.",
                    batch,
                    {200: ("each event's result", results)},
                    problem,
                    (400, 401, 408, 413, 415, 422, 429, 503),
                )
            },
            "/v1/status": {
                "get": {
                    "summary": "How many events wait for the warehouse, and since when. Needs the scope read.",
                    "security": [{"key": []}],
                    "responses": {"200": {"description": "waiting, oldest_received_at"}, **_problems(problem, (401, 403, 503))},
                }
            },
            "/healthz": {"get": {"summary": "Whether the server is up.", "responses": {"200": {"description": "it is"}}}},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **kinds,
                "Event": schema,
                "Batch": _object({"events": {"type": "array", "items": event, "minItems": 1, "maxItems": settings.max_batch}}),
                "Result": _object(
                    {
                        "feedback_id": {"type": ["string", "null"]},
                        "status": {"type": "integer"},
                        "outcome": {"enum": ["accepted", "duplicate"]},
                    }
                ),
                "Results": _object(
                    {
                        "kept": {"type": "boolean", "description": "Whether all were."},
                        "results": {"type": "array", "items": {"anyOf": [result, problem]}},
                    }
                ),
                "Problem": {
                    "type": "object",
                    "required": ["status", "error"],
                    "properties": {
                        "status": {"type": "integer"},
                        "error": {"type": "string"},
                        "errors": {"type": "array", "items": _object({"where": {"type": "string"}, "what": {"type": "string"}})},
                        "feedback_id": {"type": ["string", "null"]},
                    },
                },
            },
        },
    }


def page(settings: FeedbackSettings) -> str:
    """The document as a page."""
    return Environment(autoescape=True).from_string(_PAGE).render(document(settings))


def _post(
    summary: str, body: dict[str, Any], good: dict[int, tuple[str, dict[str, Any]]], problem: dict[str, Any], bad: tuple[int, ...]
) -> dict[str, Any]:
    answers = {str(status): _answer(what, schema) for status, (what, schema) in good.items()}
    return {
        "summary": summary,
        "security": [{"key": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {**answers, **_problems(problem, bad)},
    }


def _problems(problem: dict[str, Any], statuses: tuple[int, ...]) -> dict[str, Any]:
    return {str(status): _answer(_REASONS[status], problem) for status in statuses}


def _answer(what: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}
