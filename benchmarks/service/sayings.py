"""How often what the page says comes true: `python -m benchmarks.service.sayings SPLIT_FILES`.

The sentences are those of the base model's forecasts on validation days, of which every reading of the coming hour is
known. A sentence of a limit comes true where a reading of that hour lies beyond it.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.display.view import view_of
from bloodtwin_core.display.words import Saying, Side, sayings
from bloodtwin_core.pretrained import base_forecaster
from bloodtwin_core.records import TARGET_RANGE, Feature, Glucose, PumpRecords
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.records.segments import contiguous
from bloodtwin_core.records.split_files import read_split_file
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.serving.lookback import reach_of
from bloodtwin_core.serving.outlook import MOST_IN_BATCH


def main(folder: Path) -> None:
    """Print a line for each kind of sentence."""
    forecaster = base_forecaster(threads=1)
    counts: defaultdict[str, list[bool]] = defaultdict(list)
    for path in sorted(folder.glob("pump_*/validate/lstm_validate_*.csv")):
        for part in contiguous(read_split_file(path).records):
            for saying, came in said(part, forecaster):
                for kind in kinds_of(saying):
                    counts[kind].append(is_true(saying, came))
    for kind, true in sorted(counts.items()):
        sys.stdout.write(f"{kind:44} {len(true):7,} times, true {np.mean(true):6.1%}\n")


def said(part: PumpRecords, forecaster: Forecaster) -> Iterator[tuple[Saying, Glucose]]:
    """Each sentence, and what came (mg/dL, [step])."""
    lookback, horizon = forecaster.facts.lookback, forecaster.facts.horizon
    reach, glucose = reach_of(forecaster.facts, lookback), part.feature(Feature.bg)
    measured = np.isfinite(glucose)
    starts = range(lookback - 1, len(part) - horizon)
    origins = [row for row in starts if measured[row : row + 1 + horizon].all()]
    for first in range(0, len(origins), MOST_IN_BATCH):
        batch = origins[first : first + MOST_IN_BATCH]
        known = [part.rows(max(0, row + 1 - reach), row + 1) for row in batch]
        for row, records, forecast in zip(batch, known, forecaster.forecast_many(known), strict=True):
            if not isinstance(forecast, DataError):
                view = view_of(forecast, records, GlucoseUnit.mg_dl, WearerClock(is_local=True))
                for saying in sayings(view):
                    yield saying, glucose[row + 1 : row + 1 + horizon]


def kinds_of(saying: Saying) -> Iterator[str]:
    """Under which heads a sentence is counted: what it says, and that with its chance."""
    first, _, odds = saying.words.rpartition(", ")
    if saying.limit is None:
        yield saying.words
        return
    kind = re.sub(r"(in|within) (about )?\d+ min", "...", first)
    yield kind
    yield f"{kind}, {odds}"


def is_true(saying: Saying, came: Glucose) -> bool:
    """Whether it came so."""
    low, high = TARGET_RANGE
    if saying.limit is None:
        return bool(((came >= low) & (came <= high)).all())
    below, above = came < saying.limit, came > saying.limit
    if "still" in saying.words:
        return bool(below[-1] if saying.side is Side.low else above[-1])
    return bool((below if "elow" in saying.words else above).any())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.sayings", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="SPLIT_FILES", help="of which the validation days are taken")
    main(parser.parse_args().folder)
