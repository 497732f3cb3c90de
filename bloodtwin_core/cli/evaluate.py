"""Print the tables of a test; nothing is written.

ARTIFACTS is the folder of one model, such as artifacts/bloodtwin_unified_lstm. With --without the results are printed
for everybody and once more without the named pumps. With --personal each pump is also tested with the network that it
goes on with, its accepted copy if personal_checkpoints made one, beside the unified network. Forecasts that
test_results left are taken as they are, else they are made anew. `bloodtwin compare` sets two models side by side.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bloodtwin_core.cli.shown_unit import add_unit_option, unit_asked_for
from bloodtwin_core.cli.tested_model import tested_model
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.difference import difference
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.forecasts_files import ForecastsIndex
from bloodtwin_core.evaluation.insulin_answers import InsulinResponse
from bloodtwin_core.evaluation.insulin_response import insulin_response
from bloodtwin_core.evaluation.measuring import measure, without
from bloodtwin_core.personal.evaluation import with_personal_copies
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.upstream import stored_personal
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.text_tables import detailed_tables, difference_table, results_table
from bloodtwin_core.windows import WindowedSeries


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin evaluate` takes."""
    parser.add_argument("artifacts", type=Path, metavar="ARTIFACTS", help="folder of one model")
    parser.add_argument("--without", nargs="+", default=[], metavar="PUMP", help="also report without these pumps")
    add_unit_option(parser, "default: evaluation.unit of the test")
    parser.add_argument("--personal", action="store_true", help="also test each pump with its personal copy")


def run(given: argparse.Namespace) -> None:
    """Print the tables. Raises what tables raises."""
    unit = unit_asked_for(given, ArtifactStore(given.artifacts))
    sys.stdout.write(f"{tables(given.artifacts, given.without, unit, personal=given.personal)}\n")


def tables(artifacts: Path, left_out: Sequence[str], unit: GlucoseUnit = GlucoseUnit.mg_dl, *, personal: bool) -> str:
    """The tables.

    Raises ArtifactMissing, CheckpointMismatch or SettingsError (pumps that were not tested).
    """
    store, settings = ArtifactStore(artifacts), EvaluationSettings(unit=unit)
    tested = tested_model(store, settings)
    windows, forecasts, forecasts_index = tested.windows, tested.forecasts, tested.index
    asked = insulin_response(tested.checkpoint.forecaster, windows, settings)
    everybody = _tables(windows, forecasts, forecasts_index, settings, asked)
    parts = [f"All {len(forecasts_index.pumps)} pumps. {everybody}"]
    if left_out:
        rest = _tables(windows, *without(forecasts, forecasts_index, left_out), settings)
        parts.append(f"Without pumps {', '.join(left_out)}. {rest}")
    if personal:
        stored_personal(store)
        copies = with_personal_copies(forecasts, windows, tested.checkpoint, store.personal, settings)
        parts.append(f"Each pump with its personal copy. {_tables(windows, copies, forecasts_index, settings)}")
        parts.append(difference_table(difference(copies, forecasts, settings), "the unified network", unit))
    return "\n\n".join(parts)


def _tables(
    windows: WindowedSeries,
    forecasts: TestForecasts,
    index: ForecastsIndex,
    settings: EvaluationSettings,
    asked: InsulinResponse | None = None,
) -> str:
    results = measure(forecasts, windows, index, settings).model_copy(update={"insulin_response": asked})
    unit = GlucoseUnit(settings.unit)
    return f"{results_table(results, unit=unit)}\n\n{detailed_tables(results, unit)}"
