"""Files and tables of people become events: each row once, all of a file or nothing."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench import feedback_place
from ml_monitor.cli import app
from ml_monitor.feedback.errors import FeedbackError
from ml_monitor.feedback.imports.place import import_place
from ml_monitor.feedback.serve import Place
from tests.feedback.fake_airtable import TOKEN, Airtable, serving

FORM = {
    "type": "google_forms",
    "path": "form.csv",
    "source": "experts",
    "fixed": {"monitor": "flight_delay", "kind": "correction"},
    "columns": {
        "occurred_at": "Timestamp",
        "prediction_id": "Which flight?",
        "label": "Was it late?",
        "reviewer": "Email Address",
        "comment": "Anything else?",
    },
    "values": {"label": {"Yes, late": 1, "No": 0}},
    "timezone": "America/New_York",
}
HEADER = "Timestamp,Email Address,Which flight?,Was it late?,Anything else?"
ROWS = [
    '2024/05/10 3:04:05 PM GMT-4,ana@x.org,UA-1,"Yes, late","<b>bold</b>, ""quoted""\nsecond line"',
    "2024/05/10 3:05:00 PM GMT-4,bo@x.org,UA-2,No,",
    "2024/05/10 3:05:00 PM GMT-4,bo@x.org,UA-2,No,",
]
AIRTABLE = {
    "type": "airtable",
    "base": "appTest",
    "table": "Reviews",
    "source": "experts",
    "fixed": {"monitor": "flight_delay", "kind": "correction"},
    "columns": {
        "prediction_id": "Prediction",
        "label": "Right answer",
        "reviewer": "Who",
        "occurred_at": "When",
        "payload.tags": "Tags",
    },
    "needs": ["label"],
}
Make = Callable[..., Place]


def csv(*rows: str, header: str = HEADER) -> str:
    return "\r\n".join([header, *rows]) + "\r\n"


@pytest.fixture
def form(tmp_path: Path) -> Make:
    """A project with the form's import, changed as asked, and the file."""

    def make(content: str | bytes | None = None, **changes: Any) -> Place:
        spec = {name: value for name, value in {**FORM, **changes}.items() if value is not None}
        place = feedback_place.make(tmp_path / "project", imports={"form": spec})
        if content is not None:
            raw = content.encode() if isinstance(content, str) else content
            (place.project_dir / "form.csv").write_bytes(raw)
        return place

    return make


def kept(place: Place) -> list[dict[str, Any]]:
    with place.buffer() as buffer:
        return [json.loads(body) for _, body in buffer.read(0, 100_000)]


def run(place: Place, **options: Any) -> dict[str, int]:
    (one,) = import_place(place, say=lambda _: None, **options)
    return {"rows": one.rows, "new": one.new, "changed": one.changed, "known": one.known, "not_ready": one.not_ready}


def counts(rows: int = 0, new: int = 0, changed: int = 0, known: int = 0, not_ready: int = 0) -> dict[str, int]:
    return {"rows": rows, "new": new, "changed": changed, "known": known, "not_ready": not_ready}


def test_a_form_becomes_events_as_it_was_said(form: Make) -> None:
    place = form(csv(*ROWS))
    assert run(place) == counts(3, new=3), "two equal answers are two"
    first, second, _ = kept(place)
    assert (first["kind"], first["label"], first["prediction_id"], first["reviewer"]) == ("correction", "1", "UA-1", "ana@x.org")
    assert first["comment"] == '<b>bold</b>, "quoted"\nsecond line'
    assert first["occurred_at"] == "2024-05-10T19:04:05"
    assert (first["source"], first["client"]) == ("experts", "import_form")
    assert (second["label"], second["comment"]) == ("0", None)


def test_importing_again_and_later_exports_add_only_what_is_new(form: Make) -> None:
    place = form(csv(*ROWS[:2]))
    assert run(place) == counts(2, new=2)
    assert run(place) == counts(), "the bookmark: it is not even parsed"
    assert run(place, again=True) == counts(2, known=2)
    more = "2024/05/11 9:00:00 AM GMT-4,Cy,UA-3,No,"
    wider = (
        HEADER.replace("Which flight?", " Which\n flight? ").replace(" Which", '" Which').replace("flight? ", 'flight? "')
        + ",New question"
    )
    place = form(csv(*(f"{row},x" for row in [*ROWS, more]), header=wider))
    assert run(place) == counts(4, new=2, known=2), "a new question and spaces in a name change nothing"
    assert len(kept(place)) == 4
    warehouse = feedback_place.make_tables(place)
    assert place.flush().events == 4
    (place.project_dir / "feedback_buffer.db").unlink()
    assert run(place) == counts(4, new=4), "a lost buffer forgets"
    assert place.flush().known == 4, "but the warehouse knows the ids"
    assert len(warehouse.query(f"select * from {warehouse.table('feedback_events')}")) == 4


def test_a_row_with_an_id_that_changes_supersedes_what_it_said(form: Make) -> None:
    def said(label: str) -> str:
        return csv(f"2024/05/10 3:04:05 PM GMT,ana,UA-1,{label},", "2024/05/10 3:04:06 PM GMT,ana,UA-2,No,")

    place = form(said("No"), id="Which flight?")
    assert run(place) == counts(2, new=2)
    for label in ("No", '"Yes, late"', "No"):
        form(said(label), id="Which flight?")
        run(place)
    events = [event for event in kept(place) if event["prediction_id"] == "UA-1"]
    assert [event["label"] for event in events] == ["0", "1", "0"]
    assert [event["supersedes_feedback_id"] for event in events] == [None, *(event["feedback_id"] for event in events[:2])]
    form(csv("2024/05/10 3:04:05 PM GMT,ana,UA-1,No,", "2024/05/10 3:04:06 PM GMT,ana,UA-1,No,"), id="Which flight?")
    with pytest.raises(FeedbackError, match="row 3: another row has the same Which flight"):
        run(place)


@pytest.mark.parametrize(
    ("encoding", "settings"),
    [
        ("utf-8", {}),
        ("utf-8-sig", {}),
        ("utf-16", {}),
        ("utf-16-le", {"encoding": "utf-16-le"}),
        ("latin-1", {"encoding": "latin-1"}),
        ("cp1252", {"encoding": "cp1252"}),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(form: Make, encoding: str, settings: dict[str, str], delimiter: str) -> None:
    rows = ["2024/05/10 3:04:05 PM GMT,Zoë,UA-1,No,déjà vu: ½"]
    place = form(csv(*rows).replace(",", delimiter).encode(encoding), **settings)
    assert run(place) == counts(1, new=1)
    assert (kept(place)[0]["reviewer"], kept(place)[0]["comment"]) == ("Zoë", "déjà vu: ½")


GOOD = "2024/05/10 3:04:05 PM GMT,ana,UA-1,No,"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (csv(GOOD + "é").encode("latin-1"), "is no utf-8: say encoding, often cp1252 or latin-1"),
        (csv(GOOD).encode("utf-16-le"), "without a byte order mark: say encoding: utf-16-le"),
        (
            csv(GOOD, header=HEADER.replace("Was it late?", "Was it too late?")),
            r"has no column 'Was it late\?'. Did you mean 'Was it too late\?'",
        ),
        (csv(GOOD, header=HEADER.replace("Anything else?", "Was it late?")), r"has 2 columns 'Was it late\?'"),
        (csv(GOOD, GOOD + '"cut off'), "Is it cut off"),
        (csv(GOOD, "2024/05/10 3:04:05 PM GMT,ana,UA"), "row 3: 3 cells, but 5 columns: is the file cut off"),
        (csv(GOOD, GOOD + ",more"), "row 3: 6 cells, but 5 columns"),
        (
            csv(GOOD, GOOD.replace("No", "Perhaps")),
            r"row 3: column 'Was it late\?': 'Perhaps' is not in values.label. Allowed: 'No', 'Yes, late'",
        ),
        (
            csv(GOOD, GOOD.replace("2024/05/10 3:04:05 PM GMT", "5/10/2024 15:04:05")),
            "row 3: .*is no ISO 8601 time: say time_format",
        ),
        (csv(GOOD, GOOD.replace("UA-1", "")), "row 3: event: .*correction needs prediction_id"),
        (csv(GOOD, GOOD.replace("2024", "2199")), "row 3: occurred_at: more than 300 s after"),
        (csv(*[GOOD.replace("No", "?")] * 30), "30 of 30 rows cannot be imported(?s:.*)and 20 more"),
        (b"", "is empty"),
        (b"PK\x03\x04...", "is a spreadsheet or zip file, no CSV"),
        (b"<!DOCTYPE html><html>", "is a web page, no CSV"),
        (None, "no file 'form.csv' in"),
    ],
)
def test_what_cannot_be_imported_is_said_and_nothing_is(form: Make, content: Any, words: str) -> None:
    place = form(content)
    with pytest.raises(FeedbackError, match=words):
        run(place)
    assert kept(place) == []
    with place.buffer() as buffer:
        assert buffer.bookmark("form") is None


def test_rows_that_are_not_valid_may_be_skipped(form: Make) -> None:
    place = form(csv(GOOD, GOOD.replace("No", "?"), GOOD.replace("UA-1", "UA-2")), invalid="skip")
    (one,) = import_place(place, say=lambda _: None)
    assert (one.new, len(one.skipped)) == (2, 1)
    assert "row 3" in one.skipped[0]


def test_times_of_a_sheet_are_read_as_the_format_and_zone_say(form: Make) -> None:
    row = "10.05.2024 15:04:05,ana,UA-1,No,"
    place = form(csv(row), time_format="%d.%m.%Y %H:%M:%S", timezone="Europe/Berlin")
    run(place)
    assert kept(place)[0]["occurred_at"] == "2024-05-10T13:04:05"


def test_ratings_and_more_columns(form: Make) -> None:
    spec = {
        "type": "csv",
        "fixed": {"monitor": "flight_delay"},
        "columns": {"request_id": "Session", "kind": "What", "value": "Stars", "payload.page": "Page"},
        "values": {"kind": {"stars": "rating", "gave up": "abandonment"}},
    }
    place = form("Session,What,Stars,Page\ns1,stars,4.5,home\ns2,gave up,,\n", **spec)
    assert run(place) == counts(2, new=2)
    first, second = kept(place)
    assert (first["kind"], first["value"], json.loads(first["payload"])) == ("rating", 4.5, {"page": "home"})
    assert (second["kind"], second["value"], second["payload"]) == ("abandonment", None, None)
    form('Session,What,Stars,Page\ns3,stars,"4,5",home\n', **spec)
    with pytest.raises(FeedbackError, match=r"column 'Stars' \(value\): '4,5' is no number"):
        run(place)


def test_personal_data_is_redacted_and_its_hash_cannot_be_tried(form: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_MONITOR_FEEDBACK_PEPPER", "a pepper of thirty-two characters")
    place = form(csv(*ROWS[:1]))
    settings = (place.project_dir / "feedback.yml").read_text()
    (place.project_dir / "feedback.yml").write_text(settings + "\nredact: {reviewer: hash, comment: drop}\n")
    run(place)
    ids = {kept(place)[0]["feedback_id"]}
    assert kept(place)[0]["comment"] is None
    files = b"".join(file.read_bytes() for file in place.project_dir.glob("feedback_buffer.db*"))
    assert b"ana@x.org" not in files
    (place.project_dir / "feedback_buffer.db").unlink()
    monkeypatch.setenv("ML_MONITOR_FEEDBACK_PEPPER", "another pepper of many characters")
    run(place)
    assert {kept(place)[0]["feedback_id"]}.isdisjoint(ids)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"columns": {"stars": "x"}}, "'stars' is no field of an event. Allowed: monitor"),
        ({"fixed": {"kind": "thumb"}}, "monitor is neither in columns nor in fixed"),
        ({"fixed": {**FORM["fixed"], "label": "1"}}, "label is in columns and in fixed"),
        ({"needs": ["value"]}, "needs: value is not in columns"),
        ({"timezone": "Mars/North"}, "'Mars/North' is no time zone"),
        ({"values": {"label": {True: 1}}}, "put yes and no between quotes"),
        ({"type": "airtable"}, "needs base and table"),
        ({"base": "app1"}, "base does not fit type google_forms"),
        ({"type": "excel"}, "type"),
    ],
)
def test_a_wrong_mapping_is_said(form: Make, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(FeedbackError, match=r"feedback\.yml is wrong") as error:
        form(**changes).settings  # noqa: B018
    assert words in str(error.value)


@pytest.fixture
def airtable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Airtable]:
    monkeypatch.setenv("AIRTABLE_TOKEN", TOKEN)
    with serving() as server:
        yield server


@pytest.fixture
def base(airtable: Airtable, tmp_path: Path) -> Place:
    return feedback_place.make(tmp_path / "project", imports={"reviews": {**AIRTABLE, "endpoint": airtable.url}})


def test_an_airtable_is_read_in_pages_and_then_only_what_changed(airtable: Airtable, base: Place) -> None:
    long_ago = datetime(2024, 5, 1)
    for number in range(250):
        fields = {
            "Prediction": f"UA-{number}",
            "Right answer": "1",
            "Who": {"id": "usr1", "email": "ana@x.org"},
            "When": "2024-05-01T10:00:00.000Z",
        }
        airtable.put(number, long_ago, **fields, Tags=["rain", "wind"], Notes="not mapped")
    airtable.put(250, long_ago, Prediction="UA-250")
    assert run(base) == counts(251, new=250, not_ready=1)
    assert len(airtable.asked) == 3
    event = kept(base)[0]
    assert (event["prediction_id"], event["label"], event["reviewer"]) == ("UA-0", "1", "ana@x.org")
    assert json.loads(event["payload"]) == {"tags": "rain, wind"}
    assert run(base) == counts(0), "nothing was changed since"
    airtable.put(250, Prediction="UA-250", **{"Right answer": 0})
    airtable.put(3, Prediction="UA-3", **{"Right answer": "0"})
    assert run(base) == counts(2, new=1, changed=1)
    assert len(airtable.asked) == 5
    changed = [event for event in kept(base) if event["prediction_id"] == "UA-3"]
    assert [event["label"] for event in changed] == ["1", "0"]
    assert changed[1]["supersedes_feedback_id"] == changed[0]["feedback_id"]
    assert run(base) == counts(2, known=2), "what lies in the overlap is known"
    assert run(base, again=True) == counts(251, known=251)
    assert len(kept(base)) == 252


def test_an_airtable_that_fails_imports_nothing_and_says_why(
    airtable: Airtable, base: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(150):
        airtable.put(number, Prediction=f"UA-{number}", **{"Right answer": "1"})
    airtable.failures = [429, 503]
    airtable.fail_on_page = 1
    with pytest.raises(FeedbackError, match=r"import reviews: Airtable.*Nothing was imported"):
        run(base)
    assert kept(base) == []
    airtable.fail_on_page = None
    airtable.columns.remove("Tags")
    with pytest.raises(FeedbackError, match=r'422 .a column or the view is not there.*Unknown field name: "Tags"'):
        run(base)
    airtable.columns.add("Tags")
    monkeypatch.setenv("AIRTABLE_TOKEN", "wrong")
    with pytest.raises(FeedbackError, match=r"401 .the token is not valid"):
        run(base)
    monkeypatch.delenv("AIRTABLE_TOKEN")
    with pytest.raises(FeedbackError, match="the environment has no AIRTABLE_TOKEN"):
        run(base)
    monkeypatch.setenv("AIRTABLE_TOKEN", TOKEN)
    airtable.failures = [429, 503]
    assert run(base) == counts(150, new=150), "busy for a moment is tried again"


def test_the_command_imports_and_flushes(form: Make, tmp_path: Path) -> None:
    place = form(csv(*ROWS))

    def said(*arguments: str) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(app, ["feedback", "import", *arguments, "--json", "--project-dir", str(place.project_dir)])
        return result.exit_code, json.loads(result.stdout)

    assert said("--dry-run") == (0, said("--dry-run")[1])
    assert kept(place) == []
    code, answer = said("form")
    assert (code, answer["status"], answer["imports"][0]["new"], answer["flushed"]) == (0, "done", 3, None), "no warehouse yet"
    warehouse = feedback_place.make_tables(place)
    code, answer = said("form")
    assert (code, answer["status"], answer["flushed"]) == (3, "nothing_to_do", 3)
    assert len(warehouse.query(f"select * from {warehouse.table('feedback_events')}")) == 3
    other = tmp_path / "other.csv"
    other.write_text(csv(ROWS[1].replace("UA-2", "UA-9")))
    assert said("form", "--file", str(other))[1]["imports"][0]["new"] == 1
    code, answer = said("nobody")
    assert (code, answer["message"]) == (1, "no import 'nobody'. Known: form.")


def test_a_kill_in_the_midst_of_the_commit_leaves_nothing(form: Make) -> None:
    import subprocess
    import sys

    place = form(csv(*(GOOD.replace("UA-1", f"UA-{number}") for number in range(500))))
    dies = (
        "import os, sys; from pathlib import Path; from ml_monitor.feedback import buffer\n"
        "from ml_monitor.feedback.serve import Place; from ml_monitor.feedback.imports.place import import_place\n"
        "insert = buffer.Buffer._insert\n"
        "buffer.Buffer._insert = lambda *a: (insert(*a), os._exit(9))\n"
        "import_place(Place(Path(sys.argv[1])))"
    )
    died = subprocess.run([sys.executable, "-c", dies, str(place.project_dir)], check=False, capture_output=True)
    assert died.returncode == 9, died.stderr
    assert kept(place) == []
    assert run(place) == counts(500, new=500)
