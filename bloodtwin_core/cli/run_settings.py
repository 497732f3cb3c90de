"""The settings of `bloodtwin run`: a file, then what its options say, then --set."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.config import PRETRAINED
from bloodtwin_core.pipeline.run_config import RunConfig, read_run_config, with_assignments, with_settings
from bloodtwin_core.sources.settings import data_model

if TYPE_CHECKING:  # The sources take a second to import, and only WHERE and --zone need them.
    from bloodtwin_core.cli.recognising import Place

CONFIG_VARIABLE = "BLOODTWIN_CONFIG"
"""Names the file of settings where --config does not, as for the button in the UI and the schedules."""
FETCHED = "fetched"
"""Folder that keeps what is fetched from a site, where data.root names no other."""
_START_LEARNING_RATE = 3.0e-4
"""For a network that goes on from trained weights; see docs/accuracy.md."""


def run_config(given: argparse.Namespace) -> RunConfig:
    """The run config that the arguments ask for; what is said later wins. Raises SettingsError or DataError."""
    named = given.config or Path(os.environ.get(CONFIG_VARIABLE) or "")
    config = read_run_config(named) if named != Path() else RunConfig({})
    config = with_settings(config, {"data": _data(given, config)})
    if given.start_from:
        config = with_settings(config, _start_from(given.start_from, config))
    if given.unit:
        config = with_settings(config, {"evaluation": {"unit": str(given.unit)}})
    if given.artifacts:
        config = replace(config, root=given.artifacts)
    if given.wait:
        config = replace(config, wait=True)
    return with_assignments(config, given.set)


def _data(given: argparse.Namespace, config: RunConfig) -> dict[str, Any]:
    data: dict[str, Any] = {}
    source = given.source or config.groups.get("data", {}).get("source", "")
    if given.where:
        from bloodtwin_core.cli.recognising import place_of

        place = place_of([given.where], given.source)
        source, data = place.source, _rooted(place, config)
    if given.source or given.where:
        data["source"] = source
    if given.pump:
        data["pump_ids"] = given.pump
    if given.zone:
        data[source] = {**data.get(source, {}), **_zone(given.zone, source)}
    return data


def _rooted(place: "Place", config: RunConfig) -> dict[str, Any]:
    if place.address:
        from bloodtwin_core.sources.registry import source_named

        root = config.groups.get("data", {}).get("root") or FETCHED
        return {"root": root, place.source: {source_named(place.source).address_setting: place.address}}
    if place.folder is None:
        raise SettingsError(f"{place} is a file. Name the folder that holds it, and nothing else of other people")
    root, pump_ids = place.root
    return {"root": str(root), **({"pump_ids": pump_ids} if pump_ids else {})}


def _zone(zone: str, source: str) -> dict[str, str]:
    from bloodtwin_core.events.zones import zone_named

    field = data_model().model_fields.get(source)
    if field is None or "time_zone" not in getattr(field.annotation, "model_fields", {}):
        raise SettingsError(f"--zone {zone}: data.source {source or 'simulator'} takes no zone. Leave it out")
    return {"time_zone": zone_named(zone).key}


def _start_from(start_from: str, config: RunConfig) -> dict[str, Any]:
    """With the base model come its kind of network and a smaller learning rate, unless the file says otherwise."""
    if start_from != PRETRAINED:
        return {"training": {"start_from": str(given_path(start_from))}}
    from bloodtwin_core.pretrained import base_forecaster  # onnxruntime takes half a second.

    groups = config.groups
    rate = groups.get("training", {}).get("learning_rate", _START_LEARNING_RATE)
    facts = base_forecaster().facts
    model = {"ensemble_size": facts.members, "past": bool(facts.wearer_past), **groups.get("model", {})}
    return {"model": model, "training": {"start_from": PRETRAINED, "learning_rate": rate}}
