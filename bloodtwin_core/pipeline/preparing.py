"""From settings to windows in one call, for programs and studies; the Dagster assets keep each step by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.progress import Progress, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import features_with
from bloodtwin_core.records.raw_splits import (
    LoadedSplit,
    RawPumpSplits,
    describe,
    load_splits,
    scaler_records,
    window_records,
)
from bloodtwin_core.sources.splits import pump_split_files
from bloodtwin_core.sources.train_only import train_only_split_files
from bloodtwin_core.windows import WindowedSeries, window_series
from bloodtwin_core.windows.scaler import FeatureScaler, fit_scaler

SPLIT_FILES = "pump_splits"


@dataclass(frozen=True)
class Prepared:
    """What a network is trained and tested on."""

    windows: WindowedSeries
    scaler: FeatureScaler


@dataclass(frozen=True)
class PreparedData(Prepared):
    """The same of a run's settings; raw lists the files that it came from."""

    raw: RawPumpSplits


def prepare(settings: DataSettings, folder: Path, progress: Progress = silent) -> PreparedData:
    """Read the sources, split, fit the scaler and cut windows; split files are left under folder.

    Raises what the sources, fit_scaler and window_series raise.
    """
    raw = list_split_files(settings, folder / SPLIT_FILES, folder, progress)
    prepared = prepare_loaded(load_splits(raw, folder), settings)
    return PreparedData(prepared.windows, prepared.scaler, raw)


def prepare_loaded(loaded: Sequence[LoadedSplit], settings: DataSettings) -> Prepared:
    """Scaler and windows of records that are read already. Raises what fit_scaler and window_series raise."""
    scaler = scaler_of(loaded)
    return Prepared(windows_of(loaded, scaler, settings), scaler)


def scaler_of(loaded: Sequence[LoadedSplit]) -> FeatureScaler:
    """The scaler, fitted on the records that it may see. Raises what fit_scaler raises."""
    return fit_scaler(scaler_records(loaded))


def windows_of(loaded: Sequence[LoadedSplit], scaler: FeatureScaler, settings: DataSettings) -> WindowedSeries:
    """The windows of the records that they may be cut from. Raises what window_series raises."""
    return window_series(window_records(loaded), scaler, settings)


def list_split_files(
    settings: DataSettings, split_files: Path, artifacts: Path, progress: Progress = silent
) -> RawPumpSplits:
    """Have every source write its files under split_files and beside it, and list them; artifacts is as in describe."""
    features_with(settings.extra_features)  # An unknown one is refused before a source is read.
    pumps = pump_split_files(settings, split_files, progress)
    train_only = train_only_split_files(settings, pumps, split_files, progress)
    return describe(settings.source, pumps, artifacts, train_only, settings.held_out_pump_ids, settings.extra_features)
