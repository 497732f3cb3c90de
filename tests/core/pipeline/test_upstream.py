"""A stage takes from earlier ones only what was made with the settings of today."""

import hashlib
from pathlib import Path

import pytest

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.config import DataSettings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.upstream import current_raw_splits
from bloodtwin_core.records.raw_splits import RawPumpSplits, read_raw_splits
from bloodtwin_core.sources.settings import data_settings


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


BEFORE = {
    "source": "simulator",
    "root": "",
    "pump_ids": [],
    "held_out_pump_ids": [],
    "learn_also_from": [],
    "wearers": {},
    "join_wearers": False,
    "simulator": {"pumps": 2, "days": 14, "seed": 2024},
    "azt1d": {"days_before_basal": False},
    "fetch": {"since": "", "overlap_days": 2},
    "tandem": {"region": "US", "time_zone": ""},
    "nightscout": {"url": "", "pump_id": "nightscout", "time_zone": "", "profile_basal": True},
    "vendor": {"time_zone": "", "glucose_unit": "", "date_order": "unknown"},
    "events": {"glucose_unit": "mg/dL"},
    "train_fraction": 0.7,
    "validate_fraction": 0.15,
    "lookback": 288,
    "max_gap_hours": 15.0,
}
"""What a manifest said before sources had their settings in their own files, some settings left out."""


def test_splits_of_the_version_before_are_those_of_today(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    RawPumpSplits(source="simulator", files=()).write(store.raw_splits)
    store.record("raw_pump_splits", [store.raw_splits], "version", {"data": BEFORE})
    assert current_raw_splits(store, data_settings(simulator={"pumps": 2, "days": 14})).files == ()
    with pytest.raises(ArtifactMissing, match=r"data\.simulator was {.*'days': 14.*} and is {.*'days': 15"):
        current_raw_splits(store, data_settings(simulator={"pumps": 2, "days": 15}))


def test_a_younger_setting_of_a_source_was_at_its_default_too(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    RawPumpSplits(source="simulator", files=()).write(store.raw_splits)
    older = {**BEFORE, "simulator": {"pumps": 4}, "nightscout": {"url": ""}, "gone": {"setting": 1}}
    store.record("raw_pump_splits", [store.raw_splits], "version", {"data": older})
    assert current_raw_splits(store, data_settings()).files == ()
    with pytest.raises(ArtifactMissing, match=r"data\.nightscout was"):
        current_raw_splits(store, data_settings(nightscout={"profile_basal": False}))


def test_a_list_of_the_version_before_says_who_is_train_only(tmp_path: Path) -> None:
    path = tmp_path / "raw_pump_splits.json"
    path.write_text(
        '{"source": "azt1d", "files": [{"pump_id": "brist1d_P02", "split": "train", "path": "x.csv", "sha256": "0", '
        '"learnt_only": true, "held_out": false}]}'
    )
    raw = read_raw_splits(path)
    assert raw.train_only_pump_ids == ["brist1d_P02"]
    raw.write(path)
    assert read_raw_splits(path) == raw
    assert raw.fingerprint == hashlib.sha256(b"brist1d_P02 train 0 learnt only").hexdigest()


def test_records_of_other_features_are_refused(tmp_path: Path) -> None:
    store = made_with(DataSettings(), tmp_path)
    with pytest.raises(ArtifactMissing, match=r"data\.extra_features was \[\] and is \['carbohydrates'\] now"):
        current_raw_splits(store, DataSettings(extra_features=["carbohydrates"]))
