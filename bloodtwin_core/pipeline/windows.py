"""The stage windowed_tensors: one long series of all records, and the rows of it that a forecast can start from."""

from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.pipeline.preparing import windows_of
from bloodtwin_core.pipeline.upstream import current_raw_splits, current_scaler
from bloodtwin_core.records.raw_splits import load_splits
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.storage import write_windows


@owning
def windows_stage(store: ArtifactStore, settings: Settings) -> WindowedSeries:
    """Cut windows from the store's split files; leave them and their record.

    Raises ArtifactMissing if split files or scaler are not there, changed or were made with other settings, and what
    window_series raises.
    """
    raw = current_raw_splits(store, settings.data)
    scaler = current_scaler(store, raw)
    windows = windows_of(load_splits(raw, store.folder), scaler, settings.data)
    index = write_windows(store.windows, windows, raw.fingerprint)
    store.record("windowed_tensors", sorted(store.windows.iterdir()), index.fingerprint, settings.used("data"))
    return windows
