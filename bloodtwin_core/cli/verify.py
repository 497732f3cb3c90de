"""`bloodtwin verify ARTIFACTS`: whether everything stands as the run that made it left it.

ARTIFACTS is the folder of one model, such as artifacts/bloodtwin_unified_lstm. The sha256 of every file in
manifest.json is computed anew, and of every split file that raw_pump_splits.json lists; results and exports must be of
the checkpoint that is there. Nothing is written.

Exit codes: 0 all stands; 1 something changed, is gone, or does not belong together, each on a line of its own.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.common.locks import holder_of
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.verifying import faults_of

STANDS, CHANGED = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; arguments are those of the process by default."""
    summary, details = (__doc__ or "").split("\n\n", 1)
    parser = argparse.ArgumentParser(
        prog="bloodtwin verify",
        description=summary,
        epilog=details,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("artifacts", type=Path, help="folder of one model")
    store = ArtifactStore(parser.parse_args(arguments).artifacts)
    try:
        faults, stages = faults_of(store), store.manifest().stages
    except BloodTwinError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return CHANGED
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    if holder := holder_of(store.folder):
        sys.stdout.write(f"{holder} is at work there, or was killed\n")
    if faults:
        sys.stdout.write(f"{len(faults)} faults. Materialize the stages that they name again\n")
        return CHANGED
    files = sum(len(record.files) for record in stages.values())
    sys.stdout.write(f"{store.folder}: {files} files of {len(stages)} stages stand as they were left\n")
    return STANDS
