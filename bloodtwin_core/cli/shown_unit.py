"""The option --unit: in which unit a command shows glucose and errors."""

import argparse

from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records.glucose_units import GlucoseUnit

_TEST, _GROUP = "test_results", "evaluation"


def add_unit_option(parser: argparse.ArgumentParser, default: str) -> None:
    """The option --unit, the same in every subcommand that has it; default says what holds without it."""
    parser.add_argument("--unit", choices=[*GlucoseUnit], help=f"mg/dL or mmol/L ({default})")


def unit_asked_for(given: argparse.Namespace, store: ArtifactStore) -> GlucoseUnit:
    """The unit of --unit, else the one that the model's test was made with, else mg/dL. Raises ArtifactMissing."""
    if given.unit:
        return GlucoseUnit(given.unit)
    tested = store.manifest().stages.get(_TEST)
    kept = tested.settings.get(_GROUP, {}).get("unit") if tested else None
    return GlucoseUnit(kept or GlucoseUnit.mg_dl)
