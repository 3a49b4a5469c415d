"""The dbt models as assets, their tests as asset checks, the raw logs as external assets."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from dagster_project.looks import described, kinds_of, with_metadata
from dagster_project.settings import MONITOR_TAG, NOW_TAG, Dbt, dbt_executable, first_day, fixed_now, load_dbt_project, warehouse
from ml_monitor.settings import NOW_VAR

PROJECT = load_dbt_project()
MANIFEST: dict[str, Any] = json.loads(PROJECT.manifest_path.read_text())

_fixed_now = fixed_now()
DAILY = dg.DailyPartitionsDefinition(first_day(), end_date=_fixed_now and f"{_fixed_now:%Y-%m-%d}")


class MonitorTranslator(DagsterDbtTranslator):
    """Groups: a monitor's own models under its name, other models by folder, raw logs by source. With links to the docs."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Return the default spec, with the group and, for a node of a monitor, the monitor's tag."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = self.get_resource_props(manifest, unique_id)
        monitor = node["config"].get("meta", {}).get("ml_monitor")
        folder = "profiles" if monitor else self.folder_group(node)
        spec = spec.replace_attributes(
            group_name=monitor["name"] if monitor else folder,
            description=described(spec.description, node["fqn"][-2] if folder == "ledgers" else folder),
            kinds=kinds_of(spec.kinds, folder),
        )
        return spec.merge_attributes(tags={MONITOR_TAG: monitor["name"]}) if monitor else spec

    @staticmethod
    def folder_group(node: Mapping[str, Any]) -> str:
        """Return the group of a node that is no monitor's own; ledgers apart, else groups form a circle."""
        if node["resource_type"] == "snapshot":
            return "audit"
        if "ml_monitor_ledger" in node["tags"]:
            return "ledgers"
        return re.sub(r"\W", "_", node.get("source_name") or node["fqn"][-2])


TRANSLATOR = MonitorTranslator(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))
RAW_LOGS = [TRANSLATOR.get_asset_spec(MANIFEST, source, PROJECT) for source in MANIFEST["sources"]]


def model_key(name: str) -> dg.AssetKey:
    """Return the asset key of the dbt model `name`."""
    unique_id = next(uid for uid, node in MANIFEST["nodes"].items() if node["name"] == name)
    return TRANSLATOR.get_asset_spec(MANIFEST, unique_id, PROJECT).key


def dbt_build(tags: Mapping[str, str]) -> list[str]:
    """Return the arguments of `dbt build` for a run with these tags.

    A partition never sets the clock: the profile models find every window whose log changed, whichever
    partition was asked for, and a clock moved back would take the later windows for empty. Only a replay of
    history names the time it has reached, with the tag `ml_monitor/now`, and then for all steps of the run.
    """
    return ["build", *(["--vars", json.dumps({NOW_VAR: tags[NOW_TAG]})] if NOW_TAG in tags else [])]


def built(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Build the selected models, and say about each table how large it is and what is wrong."""
    yield from with_metadata(dbt.cli(dbt_build(context.run.tags), context=context).stream(), MANIFEST["nodes"], warehouse)


COMMON: dict[str, Any] = {"manifest": MANIFEST, "project": PROJECT, "dagster_dbt_translator": TRANSLATOR}


# Labels are made of feedback events, and the state of labels: ledgers in one step with the state would make a circle of steps,
# which Dagster breaks into many, each a dbt run.
@dbt_assets(name="ledger_tables", select="tag:ml_monitor_ledger", **COMMON)
def ledger_models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Tables that deliveries, feedback and retraining write into; a run of dbt only makes them."""
    yield from built(context, dbt)


@dbt_assets(
    name="logs", select="+tag:ml_monitor_profile", exclude="tag:ml_monitor_profile tag:ml_monitor", **COMMON
)
def log_models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """The project's own models that the monitors read."""
    yield from dbt.cli(dbt_build(context.run.tags), context=context).stream()


@dbt_assets(
    name="profiles",
    select="tag:ml_monitor_profile",
    partitions_def=DAILY,
    backfill_policy=dg.BackfillPolicy.single_run(),
    **COMMON,
)
def profile_models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Reference and profiles of each monitor; a backfill of any length is one dbt run."""
    yield from built(context, dbt)


@dbt_assets(name="state", select="tag:ml_monitor", exclude="tag:ml_monitor_ledger", **COMMON)
def state_models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Registry, metrics, verdicts, alerts and report: they bring themselves up to date from the profiles.

    Snapshots keep the history of what is otherwise overwritten.
    """
    yield from built(context, dbt)


defs = dg.Definitions(
    assets=[*RAW_LOGS, ledger_models, log_models, profile_models, state_models],
    resources={"dbt": Dbt(project_dir=PROJECT, dbt_executable=dbt_executable())},
)
