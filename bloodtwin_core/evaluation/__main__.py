"""`python -m bloodtwin_core.evaluation ARTIFACTS [--without PUMP ...]`: test a trained checkpoint, print tables.

ARTIFACTS is the folder of one model, such as artifacts/bloodtwin_unified_lstm. With --without the results are
printed for everybody and once more without the named pumps. Nothing is written.
"""

import argparse
import sys
from pathlib import Path

from bloodtwin_core.artifacts import ArtifactStore
from bloodtwin_core.checkpoint import load_checkpoint
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.errors import BloodTwinError
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.results import TestedModel
from bloodtwin_core.evaluation.tables import results_table
from bloodtwin_core.evaluation.testing import measure_errors
from bloodtwin_core.training.checkpoint_folder import CheckpointFolder
from bloodtwin_core.windows_files import read_windows


def tables(artifacts: Path, without: list[str]) -> str:
    """The tables. Raises ArtifactMissing, CheckpointMismatch or SettingsError (a pump that was not tested)."""
    store, settings = ArtifactStore(artifacts), EvaluationSettings()
    windows, index = read_windows(store.windows)
    checkpoint = load_checkpoint(CheckpointFolder(store.checkpoints).best)
    checkpoint.require(checkpoint.model, index.fingerprint)
    tested = TestedModel(
        model_version=checkpoint.version, checkpoint_sha256=checkpoint.sha256, data_fingerprint=index.fingerprint
    )
    method = method_for(checkpoint.forecaster, windows, settings, "cpu")
    errors = measure_errors(windows, method.predict, settings)
    parts = [f"All {len(errors.pumps)} pumps. {results_table(errors.results(settings, tested))}"]
    if without:
        rest = errors.without(without)
        parts.append(f"Without pumps {', '.join(without)}. {results_table(rest.results(settings, tested))}")
    return "\n\n".join(parts)


def main() -> int:
    """The command; 1 where something is missing or does not fit."""
    parser = argparse.ArgumentParser(prog="python -m bloodtwin_core.evaluation", description=__doc__)
    parser.add_argument("artifacts", type=Path, help="folder of one model")
    parser.add_argument("--without", nargs="+", default=[], metavar="PUMP", help="also report without these pumps")
    arguments = parser.parse_args()
    try:
        sys.stdout.write(tables(arguments.artifacts, arguments.without) + "\n")
    except BloodTwinError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
