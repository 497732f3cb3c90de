"""Rolling back and forth under a reader that forecasts all the while: `python -m benchmarks.publishing.reader`.

The reader loads whatever version is published, by its folder, and holds every forecast against what that version's
checkpoint is known to forecast: anything else is a mixed model. Where a model cannot be loaded, it is a missing one.
"""

import argparse
import multiprocessing as mp
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.records import Values
from bloodtwin_core.serving import Forecaster

MIXED = 1e-3
"""mg/dL beyond which a forecast is not the version's own."""


@dataclass
class Read:
    """What a reader saw: forecasts made, those of no known version, models that did not load, versions it met."""

    forecasts: int = 0
    mixed: int = 0
    missing: int = 0
    versions: int = 0


def read(folder: Path, window: Values, known: dict[str, float], forecasts: int) -> Read:
    """Load the published model and forecast, again and again.

    known: by a checkpoint's sha256, what its version forecasts first for window, mg/dL.
    """
    seen, made = set(), Read()
    while made.forecasts < forecasts:
        try:
            forecaster = Forecaster.load(folder, threads=1)
            sha256 = forecaster.facts.checkpoint_sha256
            forecast = float(forecaster.predict(window)[0, 0])
        except (BloodTwinError, OSError):
            made.missing += 1
            if made.missing > forecasts:
                break
            continue
        seen.add(sha256)
        made.forecasts += 1
        made.mixed += sha256 not in known or abs(forecast - known[sha256]) > MIXED
    made.versions = len(seen)
    return made


def switch_until(folder: Path, versions: list[str], stop: Event) -> None:
    """Go back to the first and on to the last of the versions, until stopped."""
    published = PublishedStore(folder)
    while not stop.is_set():
        for version in versions:
            published.switch(version, "there and back", datetime.now(UTC))


def under_a_reader(folder: Path, window: Values, known: dict[str, float], forecasts: int) -> Read:
    """The same while another process switches between the folder's versions all the while."""
    context = mp.get_context("spawn")
    stop = context.Event()
    switching = context.Process(target=switch_until, args=(folder, PublishedStore(folder).versions(), stop))
    switching.start()
    try:
        return read(folder, window, known, forecasts)
    finally:
        stop.set()
        switching.join()


def known_forecasts(folder: Path, window: Values) -> dict[str, float]:
    """What each version forecasts first for window, by its checkpoint's sha256."""
    published = PublishedStore(folder)
    known = {}
    for version in published.versions():
        forecaster = Forecaster.load(published.place(version) / "model.onnx", threads=1)
        known[forecaster.facts.checkpoint_sha256] = float(forecaster.predict(window)[0, 0])
    return known


def main() -> int:
    """Publish two versions of the year's model, and read; 0 if no model was missing or mixed."""
    from benchmarks.publishing.troubles import Troubles, histories
    from benchmarks.publishing.weekly import Weekly
    from benchmarks.publishing.year import BEFORE, CONFIG
    from bloodtwin_core.pipeline.run_config import read_run_config

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forecasts", type=int, default=10_000)
    given = parser.parse_args()
    settings = read_run_config(CONFIG).settings()
    with TemporaryDirectory() as folder:
        weekly = Weekly(Path(folder), settings, histories(Troubles(), BEFORE + 8))
        for week in range(BEFORE, BEFORE + 8):
            if len(weekly.versions.versions()) < 2:
                weekly.run(week)
        place = weekly.versions.folder
        window = np.zeros((1, settings.data.lookback, 8), dtype=np.float32)
        window[:, :, 0] = 140.0
        begun = time.monotonic()
        made = under_a_reader(place, window, known_forecasts(place, window), given.forecasts)
        switches = len(weekly.versions.pointer.history) if weekly.versions.pointer else 0
    sys.stdout.write(f"{made}, at least {switches} switches, {time.monotonic() - begun:.0f} s\n")
    reached = not made.mixed and not made.missing and made.versions > 1
    sys.stdout.write(f"{'reached' if reached else 'NOT REACHED'}\n")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
