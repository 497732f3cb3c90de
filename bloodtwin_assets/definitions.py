"""All of the graph together: assets, checks, resources, jobs and schedules.

Assets and checks are found in the folders of the subjects, so that a new one is written in its folder alone. What
computes, and what draws, is imported where it is called: torch and matplotlib take seconds, and the UI, its runs and
every command load these definitions anew.
"""

import pkgutil
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import dagster as dg

from bloodtwin_assets.automation import automated, retraining_sensor
from bloodtwin_assets.configured import configured
from bloodtwin_assets.evaluation.report_link import with_report_link
from bloodtwin_assets.executor import executor
from bloodtwin_assets.jobs import ingestion, live, night, personal_models, retraining
from bloodtwin_assets.lost_runs import lost_runs
from bloodtwin_assets.people.assets import people_assets
from bloodtwin_assets.publishing.actions import acknowledge_drift, roll_back
from bloodtwin_assets.publishing.telling import tell_of_trouble
from bloodtwin_assets.resources import ArtifactsResource, settings_resource
from bloodtwin_assets.schedules import (
    live_forecasts,
    nightly_comparison,
    regular_ingestion,
)
from bloodtwin_core.config import Settings

OWNERS = ["team:bloodtwin"]


def build_defs(resource_overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """The graph, made anew; resource_overrides replaces resources by name, as tests do.

    Settings default to the file that BLOODTWIN_CONFIG names. Every run of the UI is a process of its own that comes by
    here, so it takes the file as it is then. Raises SettingsError if the file cannot be used.
    """
    config = configured()
    settings = config.settings()
    people = people_assets(settings.people.pump_ids)
    return dg.Definitions(
        assets=[asset.map_asset_specs(partial(_completed, settings=settings)) for asset in [*_assets(), *people]],
        asset_checks=dg.load_asset_checks_from_modules(_modules("checks")),
        resources={
            "settings": settings_resource(settings),
            "artifacts": ArtifactsResource(root=config.root, wait=config.wait, shared=config.shared),
            **(resource_overrides or {}),
        },
        jobs=[retraining, ingestion, live, night, roll_back, acknowledge_drift, *personal_models(people)],
        schedules=[regular_ingestion, live_forecasts, nightly_comparison],
        sensors=[retraining_sensor(), tell_of_trouble, lost_runs],
        executor=executor(),
    )


def _completed(spec: dg.AssetSpec, settings: Settings) -> dg.AssetSpec:
    """What all assets have, when they are materialized by themselves, and what depends on where the graph is shown."""
    owned = automated(spec.replace_attributes(owners=OWNERS), settings.publishing)
    return with_report_link(owned, settings.model.name)


def _assets() -> list[dg.AssetsDefinition]:
    assets = dg.load_assets_from_modules(_modules("assets"))
    return [asset for asset in assets if isinstance(asset, dg.AssetsDefinition)]


def _modules(name: str) -> list[ModuleType]:
    """The module of this name in the folder of each subject that has one."""
    subjects = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.ispkg]
    modules = [f"{__package__}.{subject}.{name}" for subject in subjects]
    return [import_module(module) for module in modules if find_spec(module)]


defs = build_defs()
