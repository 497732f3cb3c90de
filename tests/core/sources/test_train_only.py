"""Train-only people: all their records are trained on, none is tested, and nobody is two persons."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.sources import TrainOnlySource
from bloodtwin_core.pipeline.preparing import SPLIT_FILES, list_split_files, prepare
from bloodtwin_core.records import Split
from bloodtwin_core.records.checks.continuity import findings
from bloodtwin_core.records.raw_splits import LoadedSplit, load_splits, window_records
from bloodtwin_core.records.split_files import PumpSplitFiles, write_split_file
from bloodtwin_core.records.splitting import split_in_time
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.simulator import SimulatorSettings
from bloodtwin_core.sources.train_only import train_only_split_files
from tests.core.sources.test_brist1d import rows, write
from tests.core.tiny import tiny_records

TINY = data_settings(simulator=SimulatorSettings(pumps=2, days=4), lookback=24, horizon=6)


def bloodbank(root: Path, *pump_ids: str) -> Path:
    for seed, pump_id in enumerate(pump_ids):
        for split, part in split_in_time(tiny_records(pump_id, seed=seed), TINY).items():
            write_split_file(root, part, split)
    return root


def also(*sources: TrainOnlySource, **changes: object) -> DataSettings:
    return TINY.model_copy(update={"learn_also_from": list(sources), **changes})


def listed(settings: DataSettings, folder: Path) -> list[LoadedSplit]:
    return load_splits(list_split_files(settings, folder / SPLIT_FILES, folder), folder)


def test_all_their_records_are_in_the_train_split_under_their_sources_name(tmp_path: Path) -> None:
    write(tmp_path / "brist1d", rows(600))
    settings = also(TrainOnlySource(source="brist1d", root=str(tmp_path / "brist1d")))
    loaded = listed(settings, tmp_path / "run")
    (added,) = [split for split in loaded if split.train_only]
    assert (added.pump_id, added.split, len(added.records)) == ("brist1d_P02", Split.train, 600)
    assert {split.pump_id for split in loaded if not split.train_only} == {"sim001", "sim002"}
    alike = [split.file for split in loaded if not split.train_only]
    assert findings(alike, settings, [added.file]) == []


def test_they_move_neither_the_scaler_nor_what_is_chosen_by_and_tested(tmp_path: Path) -> None:
    write(tmp_path / "brist1d", rows(600, glucose=300.0))
    settings = also(TrainOnlySource(source="brist1d", root=str(tmp_path / "brist1d")))
    alone, with_others = prepare(TINY, tmp_path / "alone"), prepare(settings, tmp_path / "with")
    assert with_others.scaler == alone.scaler
    for split in (Split.validate, Split.test):
        before, after = alone.windows.origins[split].rows, with_others.windows.origins[split].rows
        np.testing.assert_array_equal(alone.windows.lookbacks(before), with_others.windows.lookbacks(after))
        assert not np.char.startswith(with_others.windows.pump_of(after), "brist1d").any()
    assert with_others.windows.tested_pumps == alone.windows.tested_pumps == ("sim001", "sim002")
    more = len(with_others.windows.origins[Split.train]) - len(alone.windows.origins[Split.train])
    assert more == 600 - TINY.lookback - TINY.horizon + 1


def test_files_that_were_split_already_stay_where_they_lie_and_are_all_learnt_from(tmp_path: Path) -> None:
    root = bloodbank(tmp_path / "bank", "7")
    loaded = listed(also(TrainOnlySource(source="bloodbank", root=str(root))), tmp_path / "run")
    added = [split for split in loaded if split.train_only]
    assert [split.split for split in added] == [Split.train] * 3
    assert {split.records.pump_id for split in added} == {"bloodbank_7"}
    assert all(split.file.path.is_relative_to(root) for split in added)
    assert sum(len(records) for _, records in window_records(added)) == 400


def test_two_entries_and_two_roots_stay_apart(tmp_path: Path) -> None:
    first, second = bloodbank(tmp_path / "one", "7", "8"), bloodbank(tmp_path / "two", "9")
    entries = (
        TrainOnlySource(source="bloodbank", root=str(first), pump_ids=["8"]),
        TrainOnlySource(source="bloodbank", root=str(second)),
    )
    loaded = listed(also(*entries), tmp_path / "run")
    assert {split.pump_id for split in loaded if split.train_only} == {"bloodbank_8", "bloodbank_9"}


def test_who_is_tested_is_not_learnt_from_under_another_name(tmp_path: Path) -> None:
    root = bloodbank(tmp_path / "bank", "7", "8", "9")
    main = {"source": "bloodbank", "root": str(root)}
    entry = TrainOnlySource(source="bloodbank", root=f"{tmp_path}/bank/../bank", pump_ids=["7", "9"])
    with pytest.raises(SettingsError, match=r"names pumps of bloodbank that are in data\.source too: 7, 9"):
        listed(also(entry, **main), tmp_path / "run")
    with pytest.raises(SettingsError, match=r"names pumps of simulator that are in data\.source too: sim001, sim002"):
        listed(also(TrainOnlySource(source="simulator")), tmp_path / "run")
    loaded = listed(also(entry, **main, pump_ids=["8"]), tmp_path / "run")
    assert {split.pump_id for split in loaded} == {"8", "bloodbank_7", "bloodbank_9"}


def test_pumps_that_were_joined_under_their_wearers_name_are_tested_too(tmp_path: Path) -> None:
    root = str(bloodbank(tmp_path / "bank", "7", "8", "9"))
    entry = TrainOnlySource(source="bloodbank", root=root)
    settings = also(entry, source="bloodbank", root=root, join_wearers=True, wearers={"anna": ["7", "9"]})
    with pytest.raises(SettingsError, match=r"in data\.source too: 7, 9"):
        train_only_split_files(settings, [PumpSplitFiles("anna", {})], tmp_path / SPLIT_FILES)


def test_nobody_comes_twice(tmp_path: Path) -> None:
    entry = TrainOnlySource(source="bloodbank", root=str(bloodbank(tmp_path / "bank", "7")))
    with pytest.raises(SettingsError, match="gives bloodbank_7 more than once"):
        listed(also(entry, entry), tmp_path / "run")


def test_an_unknown_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'dexcom' is not known"):
        listed(also(TrainOnlySource(source="dexcom")), tmp_path / "run")


def test_what_is_no_longer_learnt_from_leaves_no_files(tmp_path: Path) -> None:
    write(tmp_path / "brist1d", rows(600))
    run = tmp_path / "run"
    listed(also(TrainOnlySource(source="brist1d", root=str(tmp_path / "brist1d"))), run)
    assert (run / "pump_splits_learnt_also_1_brist1d").is_dir()
    listed(TINY, run)
    assert [path.name for path in run.iterdir()] == [SPLIT_FILES]
