"""The page, as Streamlit runs it: `ml-monitor review app`. Text of data is shown by widgets that know no markup."""

import os
from collections.abc import Iterable
from html import escape
from pathlib import Path
from uuid import uuid4

import streamlit as st

from ml_monitor.errors import MlMonitorError
from ml_monitor.feedback.serve import Place
from ml_monitor.review.desk import Desk, Empty, Item
from ml_monitor.review.serve import USER_HEADER, VARIABLES


def refused(words: object) -> None:
    """Say what went wrong. The words may have data in them, so they are shown where even an address is no link."""
    st.error("This did not work:")
    st.html(f"<p>{escape(str(words))}</p>")


def table(rows: Iterable[tuple[str, str]], caption: str) -> str:
    """Names and values as a table; both are escaped, so that data stays text."""
    cells = "".join(f"<tr><th scope='row'>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows)
    hidden = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
    style = (
        "<style>.review{border-collapse:collapse;width:100%}.review th,.review td{text-align:left;padding:.25rem .75rem .25rem 0;"
        "border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent);vertical-align:top;overflow-wrap:anywhere}"
        ".review th{font-weight:600;width:35%}</style>"
    )
    return f"{style}<table class='review'><caption style='{hidden}'>{escape(caption)}</caption><tbody>{cells}</tbody></table>"


def desk() -> Desk:
    """The project that the command named."""
    project, target, profiles, key = (os.environ.get(name) for name in VARIABLES)
    return Desk(Place(Path(project or "."), target or None, Path(profiles) if profiles else None), key or "review")


def reviewer() -> str | None:
    """Who looks: as the proxy that logged them in says, else as they say."""
    header = os.environ.get(USER_HEADER)
    if header:
        name = st.context.headers.get(header)
        if not name:
            st.error("Nobody is logged in: the proxy did not say who you are.")
            return None
        st.sidebar.caption("You are")
        st.sidebar.text(name)
        return str(name)
    name = st.sidebar.text_input("Your name", key="reviewer", max_chars=200).strip()
    if not name:
        st.info("Write your name on the left: it is kept with each answer.")
    return name or None


def give(home: Desk, item: Item, who: str, feedback_id: str, label: str | None = None, comment: str | None = None) -> None:
    """Keep an answer. A second click on the same button sends the same id, and is kept once."""
    try:
        wrong = home.answer(item, who, feedback_id, label=label, comment=comment)
    except MlMonitorError as error:
        wrong = str(error)
    if wrong:
        st.session_state.problem = wrong
        return
    what = "approved" if label is None else f"corrected to {label}"
    st.session_state.said = f"{item.prediction_id}: {what}"
    st.session_state.given = st.session_state.get("given", 0) + 1
    done(item)


def correct(home: Desk, item: Item, who: str, feedback_id: str) -> None:
    """Keep what the form says."""
    label = str(st.session_state.get(f"label-{feedback_id}") or "").strip()
    if not label:
        st.session_state.problem = "Say what the right answer is."
        return
    give(home, item, who, feedback_id, label, str(st.session_state.get(f"comment-{feedback_id}") or "").strip())


def skip(home: Desk, item: Item, who: str) -> None:
    """Leave it to somebody else."""
    home.let_go(item, who)
    done(item)


def done(item: Item) -> None:
    """Go on to the next one."""
    st.session_state.setdefault("passed", set()).add((item.monitor, item.prediction_id))
    for name in ("item", "feedback_id"):
        st.session_state.pop(name, None)


def show(home: Desk, item: Item, who: str, choices: list[str]) -> None:
    """One prediction, and what can be said about it."""
    feedback_id = st.session_state.setdefault("feedback_id", str(uuid4()))
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Prediction", anchor=False)
        st.html(table([*item.facts, ("asked because", item.reason)], "What the log says of the prediction"))
        st.subheader("Features", anchor=False)
        st.html(table(item.features, "Features of the prediction"))
    with right:
        st.subheader("Is it right?", anchor=False)
        st.button("Approve", key=f"approve-{feedback_id}", type="primary", on_click=give, args=(home, item, who, feedback_id))
        with st.form(f"form-{feedback_id}", border=True):
            others = [one for one in choices if one != item.prediction]
            key = f"label-{feedback_id}"
            if others:
                st.selectbox("The right answer", others, index=None, key=key, accept_new_options=True)
            else:
                st.text_input("The right answer", key=key, max_chars=256)
            st.text_area("Comment (optional)", key=f"comment-{feedback_id}", max_chars=4000)
            st.form_submit_button("Correct", on_click=correct, args=(home, item, who, feedback_id))
        st.button("Skip", key=f"skip-{feedback_id}", on_click=skip, args=(home, item, who))


def main() -> None:
    """The page from top to bottom; Streamlit runs it again after each click."""
    st.set_page_config(page_title="Review predictions", layout="wide")
    st.title("Review predictions", anchor=False)
    state, home = st.session_state, desk()
    # Before anything that can fail: what is not drawn is forgotten.
    who = reviewer()
    try:
        specs = state.get("specs") or home.monitors()
        state.specs = specs
        if not specs:
            st.info("No monitor is declared, or the key may not speak about any.")
            return
        name = st.sidebar.selectbox("Monitor", list(specs), key="monitor")
        if who is None:
            return
        if problem := state.pop("problem", None):
            refused(problem)
        st.sidebar.text(f"{state.get('given', 0)} answers in this sitting")
        if said := state.pop("said", None):
            st.sidebar.text(said)
        looking = (name, who)
        if state.get("looking") != looking:
            state.update(looking=looking, browse=False)
            for stale in ("item", "feedback_id"):
                state.pop(stale, None)
        if "item" not in state:
            passed = {prediction_id for monitor, prediction_id in state.get("passed", set()) if monitor == name}
            state.item = home.next(specs[name], who, passed, browse=state.get("browse", False))
        if isinstance(state.item, Empty):
            empty = state.pop("item")
            st.info(empty.words)
            if empty.can_browse:
                st.button("Look at the newest predictions instead", on_click=lambda: state.update(browse=True))
            st.button("Look again")
            return
        show(home, state.item, who, home.choices(name))
    except MlMonitorError as error:
        state.pop("item", None)
        refused(error)
        st.button("Try again")


if __name__ == "__main__":
    main()
