"""Check that everything in an artifacts folder stands as the run that made it left it; nothing is written.

ARTIFACTS is the folder of one model, such as artifacts/bloodtwin_unified_lstm. The sha256 of every file in
manifest.json is computed anew, and of every split file that raw_pump_splits.json lists; results and exports must be of
the checkpoint that is there. What changed, is gone, or does not belong together is told on a line of its own.
"""

import argparse
import sys
from pathlib import Path

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.locks import holder_of
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.verifying import faults_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin verify` takes."""
    parser.add_argument("artifacts", type=Path, metavar="ARTIFACTS", help="folder of one model")


def run(given: argparse.Namespace) -> None:
    """Print the faults. Raises ArtifactMissing if there are some, or no manifest."""
    store = ArtifactStore(given.artifacts)
    faults, stages = faults_of(store), store.manifest().stages
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    if holder := holder_of(store.folder):
        sys.stdout.write(f"{holder} is at work there, or was killed\n")
    if faults:
        sys.stdout.flush()
        raise ArtifactMissing(f"{len(faults)} faults. Materialize the stages that they name again")
    files = sum(len(record.files) for record in stages.values())
    sys.stdout.write(f"{store.folder}: {files} files of {len(stages)} stages stand as they were left\n")
