"""How many days of records a source has that the last run did not have, by what the records hold."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bloodtwin_core.config import DataSettings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records import Split
from bloodtwin_core.records.split_files import read_split_file
from bloodtwin_core.sources.splits import pump_split_files
from bloodtwin_core.windows.storage import read_windows


def new_days(store: ArtifactStore, settings: DataSettings) -> float:
    """Of the pump that has most: days from its newest record in the last run's windows to its newest one now.

    Of a pump that is new all its days count, and so do all days where there was no run. The source's records are read
    and split anew in a folder of their own; the store stays as it is. Raises what the source raises.
    """
    before = _newest_of_run(store)
    with TemporaryDirectory() as folder:
        newest, oldest = _span_now(settings, Path(folder))
    return max(
        (float((last - before.get(pump, oldest[pump])) / np.timedelta64(1, "D")) for pump, last in newest.items()),
        default=0.0,
    )


def _newest_of_run(store: ArtifactStore) -> dict[str, np.datetime64]:
    if "windowed_tensors" not in store.manifest().stages:
        return {}
    windows, _ = read_windows(store.windows)
    newest: dict[str, np.datetime64] = {}
    for segment in windows.segments:
        last = windows.timestamps[segment.stop - 1]
        newest[segment.pump_id] = max(newest.get(segment.pump_id, last), last)
    return newest


def _span_now(settings: DataSettings, folder: Path) -> tuple[dict[str, np.datetime64], dict[str, np.datetime64]]:
    """The newest and the oldest record of each pump."""
    newest, oldest = {}, {}
    for pump in pump_split_files(settings, folder / "pump_splits"):
        newest[pump.pump_id] = read_split_file(pump.files[Split.test]).records.timestamps[-1]
        oldest[pump.pump_id] = read_split_file(pump.files[Split.train]).records.timestamps[0]
    return newest, oldest
