"""The imports of a project."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ml_monitor.feedback.errors import FeedbackError
from ml_monitor.feedback.imports.run import Imported, import_rows
from ml_monitor.feedback.serve import Place
from ml_monitor.settings import wall_clock


def import_place(
    place: Place,
    names: Sequence[str] | None = None,
    *,
    file: Path | None = None,
    again: bool = False,
    dry_run: bool = False,
    say: Callable[[str], None] = print,
) -> list[Imported]:
    """Run imports of a project, one after the other; each is kept whole or not at all.

    Raises:
        FeedbackError: No such import, or one that cannot be done; those before it are kept.
    """
    imports = place.settings.imports
    if not imports:
        raise FeedbackError(f"{place.project_dir / 'feedback.yml'} has no imports: see docs/feedback.md")
    chosen = list(imports) if names is None else list(names)
    if unknown := [name for name in chosen if name not in imports]:
        raise FeedbackError(f"no import {unknown[0]!r}. Known: {', '.join(imports)}.")
    if file is not None and len(chosen) != 1:
        raise FeedbackError(f"--file is for one import: name it. Known: {', '.join(imports)}.")
    done = []
    with place.buffer() as buffer:
        reception = place.reception(buffer)
        for name in chosen:
            try:
                one = import_rows(
                    name,
                    imports[name],
                    reception,
                    buffer,
                    place.project_dir,
                    wall_clock(),
                    file=file,
                    again=again,
                    dry_run=dry_run,
                )
            except FeedbackError as error:
                raise type(error)(f"import {name}: {error}") from error
            say(words(one))
            done.append(one)
    return done


def words(one: Imported) -> str:
    """What an import did, in a sentence."""
    if not one.rows:
        return f"{one.name}: nothing has changed since the last import"
    counts = [f"{one.new} new", f"{one.changed} changed", f"{one.known} known", f"{one.not_ready} not ready"]
    lines = [f"{one.name}: {one.rows} rows: {', '.join(counts)}", *(f"  skipped: {reason}" for reason in one.skipped[:10])]
    return "\n".join([*lines, f"  … and {len(one.skipped) - 10} more"] if len(one.skipped) > 10 else lines)
