"""Settings that dbt already has: project, profile, manifest. Read as files; dbt is not imported."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from sqlalchemy.engine import URL

from ml_monitor.errors import MlMonitorError

MONITORS_VAR = "ml_monitor__monitors"
NOW_VAR = "ml_monitor__now"
ALERT_AGE_VAR = "ml_monitor__alert_max_age_days"
PACKAGE = "ml_monitor"
# How a profile of dbt-duckdb sets the variable that the macro `hashed` reads.
_SALT = "VARIABLE ml_monitor_salt"


class ProjectError(MlMonitorError):
    """The dbt project, its profile or its manifest is missing or cannot be used."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the warehouse of a profile target."""

    url: URL
    duckdb_config: Mapping[str, Any] = field(default_factory=dict)
    salt: str | None = field(default=None, repr=False)
    """Of hashed categories, where the profile sets it for the session (DuckDB)."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A model, seed, snapshot or source as the manifest knows it."""

    name: str
    database: str | None
    schema: str
    identifier: str
    quoted: str
    """Relation as dbt writes it into SQL."""


@dataclass(frozen=True)
class DbtProject:
    """A dbt project on disk."""

    root: Path
    config: Mapping[str, Any]
    target: str | None = None
    profiles_dir: Path | None = None

    @classmethod
    def load(cls, root: Path, target: str | None = None, profiles_dir: Path | None = None) -> Self:
        """Read `dbt_project.yml` in `root`.

        Raises:
            ProjectError: It is missing or is no YAML mapping.
        """
        root = root.expanduser().resolve()
        return cls(root, _read_yaml(root / "dbt_project.yml"), target, profiles_dir)

    @property
    def variables(self) -> Mapping[str, Any]:
        """The project's `vars`."""
        return _mapping(self.config.get("vars"), self.root / "dbt_project.yml", "vars")

    @property
    def monitors(self) -> Mapping[str, Any]:
        """What `vars` declares under `ml_monitor__monitors`, not validated."""
        return _mapping(self.variables.get(MONITORS_VAR), self.root / "dbt_project.yml", f"vars.{MONITORS_VAR}")

    def alert_max_age(self) -> timedelta:
        """How old the window of an alert may be that people are still told of: `ml_monitor__alert_max_age_days`, else a week.

        Raises:
            ProjectError: It is no whole number from 1.
        """
        days = self.variables.get(ALERT_AGE_VAR, 7)
        if not isinstance(days, int) or isinstance(days, bool) or days < 1:
            place = f"{self.root / 'dbt_project.yml'}: vars.{ALERT_AGE_VAR}"
            raise ProjectError(f"{place} must be a whole number from 1, not {days!r}")
        return timedelta(days=days)

    def monitoring_now(self) -> datetime:
        """The monitoring clock (UTC, no zone): the project's `ml_monitor__now`, else the wall clock."""
        declared = self.variables.get(NOW_VAR)
        try:
            return utc(declared if isinstance(declared, datetime) else str(declared)) if declared else wall_clock()
        except ProjectError as error:
            raise ProjectError(f"{self.root / 'dbt_project.yml'}: vars.{NOW_VAR}: {error}") from error

    def connection(self) -> Connection:
        """The connection of the chosen target of the project's profile.

        Raises:
            ProjectError: No such profile or target, an unset environment variable, or an unsupported adapter.
        """
        path = self._profiles_path()
        profiles = _read_yaml(path)
        name = _render(self.config.get("profile"), path)
        profile = profiles.get(name)
        if not isinstance(profile, dict):
            known = ", ".join(key for key in profiles if key != "config")
            raise ProjectError(f"profile {name!r} of {self.root / 'dbt_project.yml'} is not in {path}. Known: {known}.")
        outputs = _mapping(profile.get("outputs"), path, f"{name}.outputs")
        target = self.target or os.environ.get("DBT_TARGET") or _render(profile.get("target", "default"), path)
        if target not in outputs:
            raise ProjectError(f"target {target!r} is not in profile {name!r} of {path}. Known: {', '.join(outputs)}.")
        output = _render(outputs[target], path)
        builders = {"duckdb": self._duckdb, "postgres": self._postgres}
        if output.get("type") not in builders:
            raise ProjectError(
                f"target {target!r} of {path} is of type {output.get('type')!r}, which Python cannot reach. "
                f"Allowed: {', '.join(builders)}."
            )
        return builders[output["type"]](output)

    def package_schema(self) -> str:
        """Schema of the package tables: from the manifest if there is one, else `ml_monitor`."""
        node = self.manifest.get("nodes", {}).get(f"model.{PACKAGE}.ml_monitor__monitors", {})
        return str(node.get("schema") or PACKAGE)

    @property
    def target_path(self) -> Path:
        """Directory into which dbt writes."""
        return self.root / (os.environ.get("DBT_TARGET_PATH") or self.config.get("target-path") or "target")

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """`manifest.json` of the last parse; empty if the project was never parsed."""
        path = self.target_path / "manifest.json"
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ProjectError(f"cannot read {path}: {error}. Run `dbt parse`.") from error
        return _mapping(manifest, path, "manifest")

    def relation(self, name: str) -> Relation:
        """The relation that a monitor's `predictions`, `feedback` or `reference` means.

        Args:
            name: A model, seed or snapshot, or `source.table`.

        Raises:
            ProjectError: The manifest has no such relation, or there is no manifest.
        """
        if not self.manifest:
            raise ProjectError(f"{self.root} has no target/manifest.json: run `dbt parse` first")
        known = dict(self._relations())
        if name not in known:
            raise ProjectError(f"{name!r} is no model, seed, snapshot or source of {self.root}{_suggestion(name, known)}")
        return known[name]

    def has_model(self, name: str) -> bool:
        """Whether the project itself has a model of this name, as of its last parse."""
        return f"model.{self.config.get('name')}.{name}" in self.manifest.get("nodes", {})

    def _relations(self) -> list[tuple[str, Relation]]:
        own = str(self.config.get("name"))
        found = []
        for node in self.manifest.get("nodes", {}).values():
            kind = node.get("resource_type")
            if kind in {"model", "seed", "snapshot"} and node.get("package_name") == own and node.get("relation_name"):
                found.append((node["name"], _relation(node["name"], node, node["alias"])))
        for node in self.manifest.get("sources", {}).values():
            name = f"{node['source_name']}.{node['name']}"
            found.append((name, _relation(name, node, node["identifier"])))
        return found

    def _profiles_path(self) -> Path:
        chosen = self.profiles_dir or os.environ.get("DBT_PROFILES_DIR")
        candidates = [Path(chosen)] if chosen else [self.root, Path.home() / ".dbt"]
        for directory in candidates:
            path = directory.expanduser() / "profiles.yml"
            if path.is_file():
                return path
        raise ProjectError(f"no profiles.yml in {' or '.join(map(str, candidates))}")

    def _duckdb(self, output: Mapping[str, Any]) -> Connection:
        path = str(output.get("path", ":memory:"))
        if path == ":memory:" or path.startswith(("md:", "motherduck:")):
            raise ProjectError(f"the DuckDB path {path!r} is no file, so dbt and Python cannot share it. Allowed: a file.")
        # dbt changes into the project before it opens the file.
        file = self.root / Path(path).expanduser()
        if not file.is_file():
            raise ProjectError(f"DuckDB file {file} does not exist: run `dbt build` first")
        salt = (output.get("settings") or {}).get(_SALT)
        return Connection(URL.create("duckdb", database=str(file)), output.get("config_options") or {}, salt)

    def _postgres(self, output: Mapping[str, Any]) -> Connection:
        optional = {key: str(output[key]) for key in ("sslmode", "sslrootcert", "sslcert", "sslkey") if output.get(key)}
        return Connection(
            URL.create(
                "postgresql+psycopg2",
                username=output.get("user"),
                password=str(output.get("password") or output.get("pass") or "") or None,
                host=output.get("host"),
                port=int(output.get("port") or 5432),
                database=output.get("dbname") or output.get("database"),
                query=optional,
            )
        )


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Leaves a date that the calendar does not have as text, so that whoever reads it can say whose it is."""

    def timestamp(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return self.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.timestamp)


def wall_clock() -> datetime:
    """The current time, UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def utc(moment: datetime | str) -> datetime:
    """A moment as UTC without zone. Text is ISO 8601; without an offset it is UTC already.

    Raises:
        ProjectError: The text is no date or time.
    """
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError as error:
            raise ProjectError(f"{moment!r} is no time. Allowed: ISO 8601, such as 2024-05-31 or 2024-05-31T06:00.") from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _relation(name: str, node: Mapping[str, Any], identifier: str) -> Relation:
    return Relation(name, node.get("database"), node["schema"], identifier, node["relation_name"])


def _suggestion(name: str, known: Mapping[str, Relation]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    return f". Did you mean {', '.join(close)}? New models need `dbt parse`." if close else ". New models need `dbt parse`."


def _render(value: Any, path: Path) -> Any:
    """Render the Jinja of a profile: `env_var` and the type filters, nothing else."""
    if isinstance(value, dict):
        return {key: _render(inner, path) for key, inner in value.items()}
    if isinstance(value, list):
        return [_render(inner, path) for inner in value]
    if not isinstance(value, str) or "{" not in value:
        return value
    environment = SandboxedEnvironment(undefined=StrictUndefined)
    environment.filters.update(as_number=str, as_native=str, as_bool=str, as_text=str)
    try:
        return environment.from_string(value).render(env_var=_env_var)
    except TemplateError as error:
        raise ProjectError(f"cannot render a value of {path}: {error}. Allowed: env_var().") from error


def _env_var(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise ProjectError(f"environment variable {name} is not set, and the dbt profile gives no default")
    return value


def _read_yaml(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe one
    except FileNotFoundError as error:
        raise ProjectError(f"{path} does not exist. Run in a dbt project, or pass --project-dir.") from error
    except (OSError, yaml.YAMLError) as error:
        raise ProjectError(f"cannot read {path}: {error}") from error
    return _mapping(content, path, "the file")


def _mapping(value: Any, path: Path, key: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ProjectError(f"{key} in {path} must be a mapping, not {type(value).__name__}")
    return value
