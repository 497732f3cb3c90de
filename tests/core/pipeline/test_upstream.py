"""A stage takes from earlier ones only what was made with the settings of today."""

from pathlib import Path

import pytest

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.config import DataSettings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.upstream import current_raw_splits
from bloodtwin_core.records.raw_splits import RawPumpSplits


def made_with(settings: DataSettings, folder: Path) -> ArtifactStore:
    store = ArtifactStore(folder)
    RawPumpSplits(source=settings.source, files=()).write(store.raw_splits)
    store.record("raw_pump_splits", [store.raw_splits], "version", {"data": settings.model_dump(mode="json")})
    return store


def test_splits_of_other_settings_are_refused(tmp_path: Path) -> None:
    store = made_with(DataSettings(), tmp_path)
    assert current_raw_splits(store, DataSettings(lookback=24)).files == ()
    with pytest.raises(ArtifactMissing, match=r"data\.max_gap_hours was 15\.0 and is 3\.0 now"):
        current_raw_splits(store, DataSettings(max_gap_hours=3.0))


def test_who_wore_what_matters_only_where_pumps_are_joined(tmp_path: Path) -> None:
    anna = {"anna": ["1", "2"]}
    assert current_raw_splits(made_with(DataSettings(), tmp_path), DataSettings(wearers=anna)).files == ()
    joined = made_with(DataSettings(wearers=anna, join_wearers=True), tmp_path)
    with pytest.raises(ArtifactMissing, match=r"data\.wearers was"):
        current_raw_splits(joined, DataSettings(wearers={"anna": ["1"]}, join_wearers=True))


def test_a_setting_that_is_younger_than_the_splits_was_at_its_default(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    RawPumpSplits(source="simulator", files=()).write(store.raw_splits)
    older = DataSettings().model_dump(mode="json", exclude={"held_out_pump_ids", "learn_also_from"})
    store.record("raw_pump_splits", [store.raw_splits], "version", {"data": older})
    assert current_raw_splits(store, DataSettings()).files == ()
    with pytest.raises(ArtifactMissing, match=r"data\.held_out_pump_ids was \[\] and is \['3'\] now"):
        current_raw_splits(store, DataSettings(held_out_pump_ids=["3"]))


def test_records_of_other_features_are_refused(tmp_path: Path) -> None:
    store = made_with(DataSettings(), tmp_path)
    with pytest.raises(ArtifactMissing, match=r"data\.extra_features was \[\] and is \['carbohydrates'\] now"):
        current_raw_splits(store, DataSettings(extra_features=["carbohydrates"]))
