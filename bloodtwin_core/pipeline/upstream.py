"""What a stage may take from the stages before it: only what they left, unchanged, with the settings of today.

A selection of assets can be materialized alone, so what stands before it may be older than the settings.
"""

from collections.abc import Mapping
from typing import Any

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.config import DataSettings, ModelSettings, Settings
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.forecasts_files import ForecastsIndex, read_forecasts
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.personal.storage import PersonalIndex, read_personal_index
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.publishing.decision import Decision
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.records.raw_splits import RawPumpSplits, read_raw_splits
from bloodtwin_core.sources.settings import data_model
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.past import with_past
from bloodtwin_core.windows.scaler import FeatureScaler, read_scaler
from bloodtwin_core.windows.storage import WindowsIndex, read_windows

WINDOW_SETTINGS = ("lookback", "horizon", "stride", "max_reading_age_minutes", "min_measured_share")
"""Settings of data that decide what a window is, but not which records there are."""
FETCH_SETTINGS = ("fetch",)
"""Settings of data that decide how politely and how far back a cloud is asked."""
REPORT_SETTINGS = ("wearers",)
"""Settings of data that change what is reported, but no record and no window, unless wearers' pumps are joined."""


def current_raw_splits(store: ArtifactStore, settings: DataSettings) -> RawPumpSplits:
    """The split files of the run. Raises ArtifactMissing if their list changed or other data settings made them."""
    store.require_unchanged("raw_pump_splits", store.raw_splits)
    raw = read_raw_splits(store.raw_splits)
    _require_settings(store, "raw_pump_splits", settings, ignored=(*WINDOW_SETTINGS, *without_records(settings)))
    return raw


def current_scaler(store: ArtifactStore, raw: RawPumpSplits) -> FeatureScaler:
    """The scaler fitted on these split files. Raises ArtifactMissing if it changed or was fitted on others."""
    store.require_unchanged("fitted_scaler", store.scaler_json, store.scaler_pickle)
    scaler = read_scaler(store.scaler_json)
    if store.recorded("fitted_scaler").settings.get("raw_fingerprint") != raw.fingerprint:
        raise ArtifactMissing(
            f"{store.scaler_json} was fitted on other split files than raw_pump_splits lists now. "
            "Materialize fitted_scaler again"
        )
    return scaler


def windows_read(store: ArtifactStore, settings: Settings) -> tuple[WindowedSeries, WindowsIndex]:
    """The windows of the run as its network reads them: with the wearer's past where model.past asks for it.

    The past is computed from the windows that lie there, whose files and fingerprint have none of it.
    Raises what current_windows raises.
    """
    windows, index = current_windows(store, settings.data)
    return (with_past(windows) if settings.model.past else windows), index


def current_windows(store: ArtifactStore, settings: DataSettings) -> tuple[WindowedSeries, WindowsIndex]:
    """The windows of the run. Raises ArtifactMissing if they changed, or other settings or split files made them."""
    raw = current_raw_splits(store, settings)
    windows, index = stored_windows(store)
    _require_settings(store, "windowed_tensors", settings, ignored=without_records(settings))
    if index.raw_fingerprint != raw.fingerprint:
        raise ArtifactMissing(
            f"{store.windows} was made from other split files than raw_pump_splits lists now. "
            "Materialize fitted_scaler and windowed_tensors again"
        )
    return windows, index


def stored_windows(store: ArtifactStore) -> tuple[WindowedSeries, WindowsIndex]:
    """The windows that stand, whatever settings made them. Raises ArtifactMissing if they are gone or changed."""
    store.require_unchanged("windowed_tensors", store.windows)
    return read_windows(store.windows)


def current_checkpoint(store: ArtifactStore, settings: ModelSettings, index: WindowsIndex) -> Checkpoint:
    """The best checkpoint.

    Raises ArtifactMissing if it is gone or changed, CheckpointMismatch if it was trained with another network or on
    other windows.
    """
    checkpoint = stored_checkpoint(store)
    checkpoint.require(settings, index.fingerprint)
    return checkpoint


def stored_checkpoint(store: ArtifactStore) -> Checkpoint:
    """The best checkpoint, whatever it was trained with. Raises ArtifactMissing if it is gone or changed."""
    best = CheckpointFolder(store.checkpoints).best
    store.require_unchanged("trained_checkpoint", best)
    return load_checkpoint(best)


def stored_results(store: ArtifactStore) -> TestResults:
    """The figures of the last test. Raises ArtifactMissing if they are gone or changed."""
    store.require_unchanged("test_results", store.test_results)
    return TestResults.read(store.test_results)


def stored_forecasts(store: ArtifactStore) -> tuple[TestForecasts, ForecastsIndex]:
    """The forecasts of the last test. Raises ArtifactMissing if they are gone or changed."""
    store.require_unchanged("test_results", store.test_forecasts)
    return read_forecasts(store.test_forecasts)


def stored_personal(store: ArtifactStore) -> PersonalIndex:
    """What became of each pump's copy. Raises ArtifactMissing if the index or a copy is gone or changed."""
    store.require_unchanged("personal_checkpoints", store.personal)
    return read_personal_index(store.personal)


def stored_decision(store: ArtifactStore) -> Decision:
    """What was last decided of a candidate. Raises ArtifactMissing if it is gone or changed."""
    published = PublishedStore(store.published)
    store.require_unchanged("published_model", published.decision)
    decision = published.last_decision()
    if decision is None:
        raise ArtifactMissing(f"{published.decision} is not there. Materialize published_model first")
    return decision


def without_records(settings: DataSettings) -> tuple[str, ...]:
    """Settings of data that change no record and no window."""
    return FETCH_SETTINGS if settings.join_wearers else (*FETCH_SETTINGS, *REPORT_SETTINGS)


def _require_settings(store: ArtifactStore, stage: str, settings: DataSettings, ignored: tuple[str, ...]) -> None:
    record = store.recorded(stage)
    # A setting, or a source's group of them, that is younger than the stage was at its default then.
    defaults = data_model()().model_dump(mode="json")
    then, now = (filled(defaults, of) for of in (record.settings.get("data", {}), settings.model_dump(mode="json")))
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


def filled(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, and the default of what is not, in groups within groups too."""
    return {
        name: filled(defaults.get(name) or {}, value) if isinstance(value, Mapping) else value
        for name, value in {**defaults, **given}.items()
    }
