"""From a source's records to windows that a network can be trained on."""

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.data.pages import raw_splits_page, scaler_page, windows_page
from bloodtwin_assets.ingestion.assets import INGESTION_ASSETS
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.pipeline.preparing import list_split_files
from bloodtwin_core.pipeline.upstream import current_raw_splits, current_scaler
from bloodtwin_core.records.raw_splits import load_splits, scaler_records, window_records
from bloodtwin_core.windows import window_series
from bloodtwin_core.windows.scaler import fit_scaler
from bloodtwin_core.windows.storage import write_windows


@dg.asset(group_name="data", kinds={"csv"}, deps=INGESTION_ASSETS)
@failing_in_words
def raw_pump_splits(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """The five-minute records of every pump, cut in time into *train*, *validate* and *test*.

    They come from `data.source`: virtual wearers, the wearer's own events, a published data set, or existing
    bloodBath files, which are used as they are. Each split is one CSV file per pump; `raw_pump_splits.json` lists
    them with their sha256, and whatever reads them later refuses a file that has changed since.
    """
    store = artifacts.store(settings)
    raw = list_split_files(settings.plain().data, store.split_files, store.folder)
    page = raw_splits_page(raw, load_splits(raw, store.folder), settings.data.max_gap_hours)
    raw.write(store.raw_splits)
    store.record("raw_pump_splits", [store.raw_splits], raw.fingerprint, settings.used("data"))
    return dg.MaterializeResult(metadata=page, data_version=dg.DataVersion(raw.fingerprint))


@dg.asset(group_name="data", kinds={"scikitlearn", "json"}, deps=[raw_pump_splits])
@failing_in_words
def fitted_scaler(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """Median and interquartile range of each feature, fitted on the *train* splits of `data.source` alone.

    Kept as `scaler.json` for every reader and as `scaler.pkl` for scikit-learn; the exports carry it inside. A network
    that goes on from another's weights (`training.start_from`) keeps that one's scaler: the two belong together.
    """
    store = artifacts.store(settings)
    raw = current_raw_splits(store, settings.data)
    loaded = load_splits(raw, store.folder)
    scaler = fit_scaler(scaler_records(loaded))
    scaler.write(store.scaler_json, store.scaler_pickle)
    version = sha256_of(store.scaler_json)
    used = {**settings.used("data"), "raw_fingerprint": raw.fingerprint}
    store.record("fitted_scaler", [store.scaler_json, store.scaler_pickle], version, used)
    return dg.MaterializeResult(metadata=scaler_page(scaler), data_version=dg.DataVersion(version))


@dg.asset(group_name="data", kinds={"numpy"}, deps=[raw_pump_splits, fitted_scaler])
@failing_in_words
def windowed_tensors(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """All records as one long series, and the rows of it from which a forecast can start.

    A window is 24 hours of lookback and the 60 minutes to be forecast, in one pump, one split and one segment
    without a long gap. It is kept as one row number, not as a copy of 300 rows. *Complete* windows have every
    reading measured; *available* ones have a fresh last reading and most of the lookback.
    """
    store = artifacts.store(settings)
    raw = current_raw_splits(store, settings.data)
    scaler = current_scaler(store, raw)
    windows = window_series(window_records(load_splits(raw, store.folder)), scaler, settings.data)
    index = write_windows(store.windows, windows, raw.fingerprint)
    files = sorted(store.windows.iterdir())
    store.record("windowed_tensors", files, index.fingerprint, settings.used("data"))
    return dg.MaterializeResult(metadata=windows_page(windows), data_version=dg.DataVersion(index.fingerprint))
