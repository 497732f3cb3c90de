"""What a stage may take from the stages before it: only what was made with the settings of today.

A selection of assets can be materialized alone, so what stands before it may be older than the settings.
"""

from collections.abc import Mapping
from typing import Any

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.config import DataSettings, ModelSettings
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records.raw_splits import RawPumpSplits, read_raw_splits
from bloodtwin_core.sources.settings import data_model
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.scaler import FeatureScaler, read_scaler
from bloodtwin_core.windows.storage import WindowsIndex, read_windows

WINDOW_SETTINGS = ("lookback", "horizon", "stride", "max_reading_age_minutes", "min_measured_share")
"""Settings of data that decide what a window is, but not which records there are."""
FETCH_SETTINGS = ("fetch",)
"""Settings of data that decide how politely and how far back a cloud is asked."""
REPORT_SETTINGS = ("wearers",)
"""Settings of data that change what is reported, but no record and no window, unless wearers' pumps are joined."""


def current_raw_splits(store: ArtifactStore, settings: DataSettings) -> RawPumpSplits:
    """The split files of the run. Raises ArtifactMissing if other data settings made them."""
    raw = read_raw_splits(store.raw_splits)
    _require_settings(store, "raw_pump_splits", settings, ignored=(*WINDOW_SETTINGS, *_report_settings(settings)))
    return raw


def current_scaler(store: ArtifactStore, raw: RawPumpSplits) -> FeatureScaler:
    """The scaler fitted on these split files. Raises ArtifactMissing if it was fitted on others."""
    scaler = read_scaler(store.scaler_json)
    fitted = store.manifest().stages.get("fitted_scaler")
    if fitted is None or fitted.settings.get("raw_fingerprint") != raw.fingerprint:
        raise ArtifactMissing(
            f"{store.scaler_json} was fitted on other split files than raw_pump_splits lists now. "
            "Materialize fitted_scaler again"
        )
    return scaler


def current_windows(store: ArtifactStore, settings: DataSettings) -> tuple[WindowedSeries, WindowsIndex]:
    """The windows of the run. Raises ArtifactMissing if other settings or other split files made them."""
    raw = current_raw_splits(store, settings)
    windows, index = read_windows(store.windows)
    _require_settings(store, "windowed_tensors", settings, ignored=_report_settings(settings))
    if index.raw_fingerprint != raw.fingerprint:
        raise ArtifactMissing(
            f"{store.windows} was made from other split files than raw_pump_splits lists now. "
            "Materialize fitted_scaler and windowed_tensors again"
        )
    return windows, index


def current_checkpoint(store: ArtifactStore, settings: ModelSettings, index: WindowsIndex) -> Checkpoint:
    """The best checkpoint. Raises CheckpointMismatch if it was trained with another network or on other windows."""
    checkpoint = load_checkpoint(CheckpointFolder(store.checkpoints).best)
    checkpoint.require(settings, index.fingerprint)
    return checkpoint


def _report_settings(settings: DataSettings) -> tuple[str, ...]:
    return FETCH_SETTINGS if settings.join_wearers else (*FETCH_SETTINGS, *REPORT_SETTINGS)


def _require_settings(store: ArtifactStore, stage: str, settings: DataSettings, ignored: tuple[str, ...]) -> None:
    record = store.manifest().stages.get(stage)
    if record is None:
        raise ArtifactMissing(f"{store.manifest_path} knows nothing of {stage}. Materialize {stage} first")
    # A setting, or a source's group of them, that is younger than the stage was at its default then.
    defaults = data_model()().model_dump(mode="json")
    then, now = (_filled(defaults, of) for of in (record.settings.get("data", {}), settings.model_dump(mode="json")))
    changed = [
        f"data.{name} was {then[name]} and is {now[name]} now"
        for name in defaults
        if name not in ignored and then[name] != now[name]
    ]
    if changed:
        raise ArtifactMissing(
            f"{stage} was made with other settings: {'; '.join(changed)}. "
            f"Materialize {stage} again, or go back to those settings"
        )


def _filled(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, and the default of what is not, in groups within groups too."""
    return {
        name: _filled(defaults.get(name) or {}, value) if isinstance(value, Mapping) else value
        for name, value in {**defaults, **given}.items()
    }
