"""Make a finished run the base model that comes with the package.

ARTIFACTS is the folder of one model, such as artifacts/bloodtwin_base. `make pretrained` trains and ships in one go.
"""

import argparse
import sys
from pathlib import Path

from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pretrained.files import FOLDER
from bloodtwin_core.release.shipping import describe_exports, ship


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin release` takes."""
    parser.add_argument("artifacts", type=Path, metavar="ARTIFACTS", help="folder of one model")
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER", help="where the base model goes")
    parser.add_argument(
        "--unseen-people", type=Path, metavar="FILE", help="table of `python -m benchmarks.unseen_people` for the card"
    )
    parser.add_argument(
        "--started-from", type=Path, metavar="ARTIFACTS", help="folder of the model whose weights this one started from"
    )


def run(given: argparse.Namespace) -> None:
    """Ship the model and print the path of its card. Raises what ship raises."""
    unseen_people = given.unseen_people.read_text("utf-8").strip() if given.unseen_people else ""
    started_from = ArtifactStore(given.started_from) if given.started_from else None
    card = ship(ArtifactStore(given.artifacts), given.to, unseen_people, started_from)
    describe_exports(given.to)
    sys.stdout.write(f"{card}\n")
