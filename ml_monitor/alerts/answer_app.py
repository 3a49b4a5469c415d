"""The page behind the links of messages. Only a pressed button acts: mail scanners and link previews follow links too."""

import logging
from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import get_args
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from ml_monitor.alerts.actions import ActionError, Verdict, acknowledge, duration, snooze
from ml_monitor.alerts.answers import Answer, AnswerError
from ml_monitor.settings import wall_clock
from ml_monitor.warehouse import Warehouse, WarehouseError

_log = logging.getLogger(__name__)
_MOST_BYTES, _MOST_CHARACTERS = 10_000, 500
_HEADERS = {
    # The link is a key: it must not go on to other pages, into a frame or a cache.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
_STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color:#1f2933;background:#fff}"
_STYLE += "label,button{display:block;margin:.8rem 0}input[type=text],select{width:100%;font:inherit;padding:.3rem}"
_STYLE += "button{font:inherit;padding:.5rem 1.2rem}"
_VERDICTS = {"": "cannot tell yet", "useful": "yes", "false_alarm": "no, a false alarm"}


def answer_app(
    warehouse: Warehouse, secret: str, now: Callable[[], datetime], clock: Callable[[], datetime] = wall_clock
) -> Starlette:
    """The application.

    Args:
        warehouse: Where answers are written.
        secret: That signed the links.
        now: Monitoring clock.
        clock: Wall clock, UTC: decides whether a link is too old.
    """

    async def show(request: Request) -> HTMLResponse:
        try:
            answer = Answer.read(request.path_params["token"], secret, clock())
        except AnswerError as error:
            return _page("No such answer", f"<p>{escape(str(error))}</p>", 403)
        return _page(answer.title, _form(answer))

    async def act(request: Request) -> HTMLResponse:
        try:
            answer = Answer.read(request.path_params["token"], secret, clock())
            body = b""
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MOST_BYTES:
                    return _page("Too long", "<p>The note is too long.</p>", 413)
            form = {name: values[0].strip() for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
            said = await run_in_threadpool(_write, answer, form)
        except AnswerError as error:
            return _page("No such answer", f"<p>{escape(str(error))}</p>", 403)
        except ActionError as error:
            return _page("Not done", f"<p>{escape(str(error))}</p>", 400)
        except WarehouseError as error:
            _log.warning("an answer could not be written: %s", error)
            return _page(
                "Not done", "<p>The warehouse cannot be written at the moment. Press the button again in a minute.</p>", 503
            )
        return _page("Done", f"<p>{escape(said)} The next dbt run counts with it.</p>")

    def _write(answer: Answer, form: dict[str, str]) -> str:
        actor = form.get("actor", "")[:_MOST_CHARACTERS] or "somebody with the link"
        note = form.get("note", "")[:_MOST_CHARACTERS] or None
        incidents = answer.incident_id.split(",")
        if answer.kind == "snooze":
            until = now() + duration(form.get("for") or "1d")
            snooze(warehouse, *incidents, until=until, actor=actor, now=now(), note=note)
            return f"Snoozed until {until:%Y-%m-%d %H:%M} UTC by {actor}."
        said = form.get("verdict", "")
        verdict: Verdict | None = "useful" if said == "useful" else "false_alarm" if said == "false_alarm" else None
        acknowledge(warehouse, *incidents, actor=actor, now=now(), verdict=verdict, note=note)
        return f"Acknowledged by {actor}."

    return Starlette(routes=[Route("/{token}", show, methods=["GET"]), Route("/{token}", act, methods=["POST"])])


def _form(answer: Answer) -> str:
    if answer.kind == "snooze":
        choices = "".join(f'<option value="{value}">{words}</option>' for value, words in _DURATIONS.items())
        choice, button = f'<label>Tell nobody for<select name="for">{choices}</select></label>', "Snooze"
    else:
        choices = "".join(f'<option value="{value}">{words}</option>' for value, words in _VERDICTS.items())
        choice, button = f'<label>Was it worth an alert?<select name="verdict">{choices}</select></label>', "Acknowledge"
    return (
        f"<p>Incident <code>{escape(answer.incident_id)}</code></p>"
        f'<form method="post">{choice}'
        '<label>Who are you?<input type="text" name="actor" maxlength="100" autocomplete="name"></label>'
        '<label>Note<input type="text" name="note" maxlength="500"></label>'
        f"<button>{button}</button></form>"
    )


_DURATIONS = {"1d": "a day", "8h": "8 hours", "3d": "3 days", "1w": "a week", "2w": "two weeks"}
assert set(_VERDICTS) - {""} == set(get_args(Verdict))  # noqa: S101 - a page that offers another word would lose it


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    html = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    html += f"<title>{escape(title)}</title><style>{_STYLE}</style><main><h1>{escape(title)}</h1>{body}</main></html>"
    return HTMLResponse(html, status, _HEADERS)
