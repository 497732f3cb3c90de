"""The stage fitted_scaler: median and interquartile range of each feature over the training records."""

from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.pipeline.preparing import scaler_of
from bloodtwin_core.pipeline.upstream import current_raw_splits
from bloodtwin_core.records.raw_splits import load_splits
from bloodtwin_core.windows.scaler import FeatureScaler


@owning
def scaler_stage(store: ArtifactStore, settings: Settings) -> FeatureScaler:
    """Fit the scaler on the store's train splits; leave it, twice, and its record.

    Raises ArtifactMissing if the split files are not there, changed or were made with other settings, and what
    fit_scaler raises.
    """
    raw = current_raw_splits(store, settings.data)
    scaler = scaler_of(load_splits(raw, store.folder))
    scaler.write(store.scaler_json, store.scaler_pickle)
    used = {**settings.used("data"), "raw_fingerprint": raw.fingerprint}
    store.record("fitted_scaler", [store.scaler_json, store.scaler_pickle], sha256_of(store.scaler_json), used)
    return scaler
