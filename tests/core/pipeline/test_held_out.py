"""People who are held out: tested on the same windows as otherwise, and never trained on, scaled by or chosen by."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.pipeline.preparing import PreparedData, prepare
from bloodtwin_core.records import Split
from bloodtwin_core.records.raw_splits import load_splits, scaler_records
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.simulator import SimulatorSettings
from bloodtwin_core.windows.scaler import fit_scaler

EVERYONE = data_settings(simulator=SimulatorSettings(pumps=3, days=4), lookback=24, horizon=6)
WITHOUT_TWO = EVERYONE.model_copy(update={"held_out_pump_ids": ["sim002"]})


@pytest.fixture(scope="module")
def everyone(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    return prepare(EVERYONE, tmp_path_factory.mktemp("everyone"))


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    return prepare(WITHOUT_TWO, tmp_path_factory.mktemp("held_out"))


def test_who_is_held_out_is_in_no_train_and_no_validate_split(held_out: PreparedData) -> None:
    pumps = {split: {segment.pump_id for segment in held_out.windows.segments_of(split)} for split in Split}
    assert pumps == {
        Split.train: {"sim001", "sim003"},
        Split.validate: {"sim001", "sim003"},
        Split.test: {"sim001", "sim002", "sim003"},
    }


def test_the_test_windows_are_the_same_as_otherwise(everyone: PreparedData, held_out: PreparedData) -> None:
    before, after = everyone.windows.origins[Split.test], held_out.windows.origins[Split.test]
    np.testing.assert_array_equal(everyone.windows.lookbacks(before.rows), held_out.windows.lookbacks(after.rows))
    np.testing.assert_array_equal(everyone.windows.pump_of(before.rows), held_out.windows.pump_of(after.rows))
    np.testing.assert_array_equal(before.complete, after.complete)


def test_the_scaler_knows_nothing_of_them(
    everyone: PreparedData, held_out: PreparedData, tmp_path_factory: pytest.TempPathFactory
) -> None:
    others = EVERYONE.model_copy(update={"pump_ids": ["sim001", "sim003"]})
    assert held_out.scaler == prepare(others, tmp_path_factory.mktemp("others")).scaler
    assert held_out.scaler != everyone.scaler


def test_holding_others_out_is_another_data_set(everyone: PreparedData, held_out: PreparedData) -> None:
    """So that a scaler, windows or a checkpoint of another fold are refused."""
    assert everyone.raw.fingerprint != held_out.raw.fingerprint
    assert held_out.raw.held_out_pump_ids == ["sim002"]


def test_their_own_history_is_there_for_whoever_wants_to_learn_from_it(tmp_path: Path) -> None:
    prepared = prepare(WITHOUT_TWO, tmp_path)
    theirs = [split for split in load_splits(prepared.raw, tmp_path) if split.held_out]
    assert [split.split for split in theirs] == list(Split)
    assert len(scaler_records(theirs)) == 0
    assert fit_scaler([theirs[0].records]).records == len(theirs[0].records)


def test_a_mistyped_pump_is_refused_since_it_would_be_learnt_from(tmp_path: Path) -> None:
    wrong = EVERYONE.model_copy(update={"held_out_pump_ids": ["sim009"]})
    with pytest.raises(SettingsError, match=r"held_out_pump_ids names sim009, which .* There are sim001, sim002"):
        prepare(wrong, tmp_path)
    nobody = EVERYONE.model_copy(update={"held_out_pump_ids": ["sim001", "sim002", "sim003"]})
    with pytest.raises(SettingsError, match="holds every pump out"):
        prepare(nobody, tmp_path)


def test_a_person_is_held_out_with_all_their_pumps() -> None:
    with pytest.raises(ValueError, match=r"holds out 1 but not 2, which anna wore too.*Hold out all of their pumps"):
        DataSettings(wearers={"anna": ["1", "2"], "ben": ["3"]}, held_out_pump_ids=["1"])
    DataSettings(wearers={"anna": ["1", "2"], "ben": ["3"]}, held_out_pump_ids=["1", "2"])
    DataSettings(wearers={"anna": ["1", "2"]}, held_out_pump_ids=["anna"], join_wearers=True)
