"""`bloodtwin evaluate ARTIFACTS [--without PUMP ...] [--personal] [--beside OTHER]`: tables of a test.

ARTIFACTS is the folder of one model, such as artifacts/bloodtwin_unified_lstm. With --without the results are
printed for everybody and once more without the named pumps. Forecasts that test_results left are taken as they are,
else they are made anew. With --personal each pump is also tested with the network that it goes on with, its accepted
copy if personal_checkpoints made one, beside the unified network. With --beside the forecasts of another folder that
was tested on the same data are compared with them, on the windows (by pump and time) and steps that both have, with
intervals of the differences. Nothing is written.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bloodtwin_core.common.errors import ArtifactMissing, BloodTwinError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import fit_baselines
from bloodtwin_core.evaluation.difference import difference, on_common_windows
from bloodtwin_core.evaluation.forecasts import TestForecasts, join
from bloodtwin_core.evaluation.forecasts_files import ForecastsIndex, read_forecasts
from bloodtwin_core.evaluation.measuring import measure, without
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.results import TestedModel
from bloodtwin_core.evaluation.testing import forecast_batches, index_of
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.personal.evaluation import with_personal_copies
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.upstream import stored_checkpoint, stored_forecasts, stored_personal, stored_windows
from bloodtwin_core.reporting.text_tables import detailed_tables, difference_table, results_table
from bloodtwin_core.windows import WindowedSeries


def tables(artifacts: Path, left_out: list[str], other: Path | None = None, personal: bool = False) -> str:
    """The tables.

    Raises ArtifactMissing, CheckpointMismatch or SettingsError (pumps that were not tested, or other windows).
    """
    store, settings = ArtifactStore(artifacts), EvaluationSettings()
    windows, index = stored_windows(store)
    checkpoint = stored_checkpoint(store)
    checkpoint.require(checkpoint.model, index.fingerprint)
    tested = TestedModel(
        model_version=checkpoint.version, checkpoint_sha256=checkpoint.sha256, data_fingerprint=index.fingerprint
    )
    if store.test_forecasts.exists():
        store.require_unchanged("test_results", store.test_forecasts)
    forecasts, forecasts_index = stored_or_new(store.test_forecasts, windows, checkpoint.forecaster, settings, tested)
    parts = [f"All {len(forecasts_index.pumps)} pumps. {_tables(windows, forecasts, forecasts_index, settings)}"]
    if left_out:
        rest = _tables(windows, *without(forecasts, forecasts_index, left_out), settings)
        parts.append(f"Without pumps {', '.join(left_out)}. {rest}")
    if personal:
        stored_personal(store)
        copies = with_personal_copies(forecasts, windows, checkpoint, store.personal, settings)
        parts.append(f"Each pump with its personal copy. {_tables(windows, copies, forecasts_index, settings)}")
        parts.append(difference_table(difference(copies, forecasts, settings), "the unified network"))
    if other is not None:
        theirs, _ = stored_forecasts(ArtifactStore(other))
        parts.append(difference_table(difference(*on_common_windows(forecasts, theirs), settings), str(other)))
    return "\n\n".join(parts)


def stored_or_new(
    folder: Path,
    windows: WindowedSeries,
    forecaster: GlucoseForecaster,
    settings: EvaluationSettings,
    tested: TestedModel,
) -> tuple[TestForecasts, ForecastsIndex]:
    """The forecasts that a test left, if it was of this checkpoint and data, else new ones."""
    with suppress(ArtifactMissing):
        forecasts, index = read_forecasts(folder)
        if index.tested == tested:
            return forecasts, index
    baselines = fit_baselines(windows, settings)
    method = method_for(forecaster, windows, settings, "cpu")
    forecasts = join(list(forecast_batches(windows, method.forecast, baselines, settings)))
    return forecasts, index_of(windows, baselines, tested)


def _tables(
    windows: WindowedSeries, forecasts: TestForecasts, index: ForecastsIndex, settings: EvaluationSettings
) -> str:
    results = measure(forecasts, windows, index, settings)
    return f"{results_table(results)}\n\n{detailed_tables(results)}"


def main(given_arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where something is missing or does not fit."""
    parser = argparse.ArgumentParser(prog="bloodtwin evaluate", description=__doc__)
    parser.add_argument("artifacts", type=Path, help="folder of one model")
    parser.add_argument("--without", nargs="+", default=[], metavar="PUMP", help="also report without these pumps")
    parser.add_argument("--personal", action="store_true", help="also test each pump with its personal copy")
    parser.add_argument("--beside", type=Path, metavar="OTHER", help="folder of another model to compare with")
    arguments = parser.parse_args(given_arguments)
    try:
        sys.stdout.write(tables(arguments.artifacts, arguments.without, arguments.beside, arguments.personal) + "\n")
    except BloodTwinError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
