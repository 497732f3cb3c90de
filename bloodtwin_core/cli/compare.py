"""Compare two models that were tested on the same data; nothing is written.

ARTIFACTS and OTHER are folders of one model each. Their forecasts are compared on the windows (by pump and time) and
steps that both have, with intervals of the differences. The forecasts of ARTIFACTS are made anew if its test left none;
OTHER must have been tested.
"""

import argparse
import sys
from pathlib import Path

from bloodtwin_core.cli.shown_unit import add_unit_option, unit_asked_for
from bloodtwin_core.cli.tested_model import tested_model
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.difference import difference, on_common_windows
from bloodtwin_core.evaluation.forecasts_files import read_forecasts
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.upstream import stored_forecasts
from bloodtwin_core.reporting.text_tables import difference_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin compare` takes."""
    parser.add_argument("artifacts", type=Path, metavar="ARTIFACTS", help="folder of one model")
    parser.add_argument("other", type=Path, metavar="OTHER", help="folder of the model to compare with")
    add_unit_option(parser, "default: evaluation.unit of the test of ARTIFACTS")


def run(given: argparse.Namespace) -> None:
    """Print the table of differences. Raises ArtifactMissing, CheckpointMismatch or SettingsError (other windows)."""
    settings, store = EvaluationSettings(), ArtifactStore(given.artifacts)
    ours = tested_model(store, settings).forecasts
    other = ArtifactStore(given.other)
    # A study of another forecaster leaves its forecasts alone, without a manifest to hold them against.
    theirs, _ = stored_forecasts(other) if other.manifest_path.exists() else read_forecasts(other.test_forecasts)
    differing = difference(*on_common_windows(ours, theirs), settings)
    sys.stdout.write(f"{difference_table(differing, str(given.other), unit_asked_for(given, store))}\n")
