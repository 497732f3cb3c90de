"""From a source's records to windows that a network can be trained on."""

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.data.pages import raw_splits_page, scaler_page, windows_page
from bloodtwin_assets.ingestion.assets import INGESTION_ASSETS
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.pipeline.records import records_stage
from bloodtwin_core.records.glucose_units import GlucoseUnit


@dg.asset(group_name="data", kinds={"csv"}, deps=INGESTION_ASSETS)
@failing_in_words
def raw_pump_splits(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """The five-minute records of every pump, cut in time into *train*, *validate* and *test*.

    They come from `data.source`: virtual wearers, the wearer's own events, a published data set, or existing
    bloodBath files, which are used as they are. Each split is one CSV file per pump; `raw_pump_splits.json` lists
    them with their sha256, and whatever reads them later refuses a file that has changed since.
    """
    store = artifacts.store(settings)
    listed = records_stage(store, settings.plain())
    unit = GlucoseUnit(settings.evaluation.unit)
    page = raw_splits_page(listed.raw, listed.loaded, settings.data.max_gap_hours, unit)
    return dg.MaterializeResult(
        metadata=page_of(settings, page), data_version=dg.DataVersion(store.version_of("raw_pump_splits"))
    )


@dg.asset(group_name="data", kinds={"scikitlearn", "json"}, deps=[raw_pump_splits])
@failing_in_words
def fitted_scaler(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """Median and interquartile range of each feature, fitted on the *train* splits of `data.source` alone.

    Kept as `scaler.json` for every reader and as `scaler.pkl` for scikit-learn; the exports carry it inside. A network
    that goes on from another's weights (`training.start_from`) keeps that one's scaler: the two belong together.
    """
    from bloodtwin_core.pipeline.scaler import scaler_stage

    store = artifacts.store(settings)
    scaler = scaler_stage(store, settings.plain())
    version = dg.DataVersion(store.version_of("fitted_scaler"))
    return dg.MaterializeResult(metadata=page_of(settings, scaler_page(scaler)), data_version=version)


@dg.asset(group_name="data", kinds={"numpy"}, deps=[raw_pump_splits, fitted_scaler])
@failing_in_words
def windowed_tensors(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """All records as one long series, and the rows of it from which a forecast can start.

    A window is 24 hours of lookback and the 60 minutes to be forecast, in one pump, one split and one segment
    without a long gap. It is kept as one row number, not as a copy of 300 rows. *Complete* windows have every
    reading measured; *available* ones have a fresh last reading and most of the lookback.
    """
    from bloodtwin_core.pipeline.windows import windows_stage

    store = artifacts.store(settings)
    windows = windows_stage(store, settings.plain())
    version = dg.DataVersion(store.version_of("windowed_tensors"))
    return dg.MaterializeResult(metadata=page_of(settings, windows_page(windows)), data_version=version)
