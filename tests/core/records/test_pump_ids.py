"""Pump ids: one form, refused with the file that says otherwise, wherever one is read."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import Split, records_from_signals
from bloodtwin_core.records.pump_ids import LONGEST_PUMP_ID, pump_id_of
from bloodtwin_core.records.raw_splits import RawSplitFile
from bloodtwin_core.records.split_files import find_split_files, read_split_file, write_split_file
from bloodtwin_core.sources.fetching import history_folder
from tests.core.events.test_clocks import every_five_minutes

HOSTILE = ["", "$\\bad$", "a\\1b", "../up", "..", ".hidden", "a/b", "\x1b[31mred", "a b", "ä", "x" * 300, "a\n", "a\0b"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_cannot_name_a_pump_is_refused_wherever_it_is_read(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="pump id") as caught:
        pump_id_of(text, file=tmp_path / "file.csv")
    assert str(caught.value).replace("\n", "").isprintable()
    with pytest.raises(DataError, match="pump id"):
        history_folder(tmp_path, "tandem", text)
    with pytest.raises(ValueError, match="no pump id"):
        RawSplitFile(pump_id=text, split=Split.test, path=tmp_path, sha256="")
    nothing = np.full(3, np.nan)
    with pytest.raises(DataError, match="pump id"):
        records_from_signals(text, every_five_minutes("2024-01-01", 3), nothing, nothing, nothing)


@pytest.mark.parametrize("text", ["881235", "a", "Subject_1", "azt1d_3.b-c", "x" * LONGEST_PUMP_ID])
def test_usual_names_are_taken(text: str) -> None:
    assert pump_id_of(text) == text


@pytest.mark.parametrize("name", ["$\\bad$", "", "a\x1b[2Jb"])
def test_a_folder_or_header_that_names_no_pump_is_refused_with_its_file(name: str, tmp_path: Path) -> None:
    signals = np.full(3, 120.0)
    path = write_split_file(
        tmp_path, records_from_signals("1", every_five_minutes("2024-01-01", 3), signals, signals / 100, 0 * signals),
        Split.train,
    )  # fmt: skip
    for split in (Split.validate, Split.test):
        (path.parent.parent / split).mkdir()
        (path.parent.parent / split / f"lstm_{split}_1.csv").write_bytes(path.read_bytes())
    (tmp_path / "pump_1").rename(tmp_path / f"pump_{name}")
    moved = tmp_path / f"pump_{name}" / "train" / path.name
    with pytest.raises(DataError, match="cannot be part of a file name"):
        find_split_files(tmp_path, [])
    with pytest.raises(DataError, match=f"{path.name}: the pump id"):
        read_split_file(moved)
