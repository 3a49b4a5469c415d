"""Options that the commands share."""

from pathlib import Path
from typing import Annotated

import typer

ProjectDir = Annotated[Path, typer.Option("--project-dir", help="The dbt project.", envvar="DBT_PROJECT_DIR", file_okay=False)]
Target = Annotated[str | None, typer.Option("--target", help="Target of the dbt profile.", show_default="the profile's")]
ProfilesDir = Annotated[
    Path | None,
    typer.Option("--profiles-dir", help="Directory of profiles.yml.", show_default="the project, then ~/.dbt"),
]
Now = Annotated[
    str | None,
    typer.Option(
        "--now",
        metavar="TIME",
        help="The monitoring clock, ISO 8601, UTC.",
        show_default="var ml_monitor__now, else the current time",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, for programs.")]
