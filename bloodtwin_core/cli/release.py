"""`bloodtwin release ARTIFACTS`: make a finished run the base model that comes with the package.

ARTIFACTS is the folder of one model, such as artifacts/bloodtwin_base. `make pretrained` trains and ships in one go.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pretrained.files import FOLDER
from bloodtwin_core.release.shipping import describe_exports, ship


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where something is missing or does not fit."""
    parser = argparse.ArgumentParser(prog="bloodtwin release", description=__doc__)
    parser.add_argument("artifacts", type=Path, help="folder of one model")
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER", help="where the base model goes")
    parser.add_argument(
        "--newcomers", type=Path, metavar="FILE", help="table of `python -m benchmarks.unseen_people` for the card"
    )
    parser.add_argument(
        "--started-from", type=Path, metavar="ARTIFACTS", help="folder of the model whose weights this one started from"
    )
    given = parser.parse_args(arguments)
    try:
        newcomers = given.newcomers.read_text("utf-8").strip() if given.newcomers else ""
        started_from = ArtifactStore(given.started_from) if given.started_from else None
        card = ship(ArtifactStore(given.artifacts), given.to, newcomers, started_from)
        describe_exports(given.to)
    except (BloodTwinError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{card}\n")
    return 0
