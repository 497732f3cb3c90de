from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.sources.fetched import WINDOW_DAYS, FetchedRows, Row, Window, windows

DAY = np.timedelta64(1, "D")


def day(number: int) -> np.datetime64:
    return np.datetime64("2024-01-01", "D") + number * DAY


def row(number: int, value: float = 1.5, detail: str = "") -> Row:
    return Row(f"{number:05d}", "bolus", day(0) + np.timedelta64(number, "m"), value, 0.0, detail)


@settings(max_examples=30)
@given(first=st.integers(0, 400), length=st.integers(0, 400))
def test_windows_cover_every_day_once_and_none_is_too_long(first: int, length: int) -> None:
    asked = list(windows(day(first), day(first + length)))
    days = [d for window in asked for d in np.arange(window.first, window.last + DAY, DAY)]
    assert days == list(np.arange(day(first), day(first + length) + DAY, DAY))
    assert all((window.last - window.first) / DAY < WINDOW_DAYS for window in asked)


def test_no_days_are_no_window() -> None:
    assert list(windows(day(1), day(0))) == []


def test_windows_of_any_two_syncs_end_at_the_same_days() -> None:
    ends = {window.last for window in windows(day(0), day(300))}
    assert {window.last for window in list(windows(day(17), day(300)))} <= ends


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = FetchedRows(tmp_path)
    given_rows = [row(1, 0.1 + 0.2, 'a, "b"\nc'), row(0, 1e-17), row(2, float("nan"), "NA")]
    assert rows.add(Window(day(0), day(3)), given_rows) == 3
    table = rows.table()
    assert table["id"].tolist() == ["00000", "00001", "00002"]
    assert table["value"].tolist()[:2] == [1e-17, 0.1 + 0.2]
    assert np.isnan(table["value"].iloc[2])
    assert table["detail"].tolist() == ["", 'a, "b"\nc', "NA"]
    assert table["time"].dtype == "datetime64[s]"


@settings(max_examples=25, deadline=None)
@given(parts=st.lists(st.lists(st.integers(0, 60), max_size=20), max_size=6))
def test_whatever_the_order_and_the_repeats_each_row_is_there_once(
    parts: list[list[int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = FetchedRows(tmp_path_factory.mktemp("rows"))
    new = sum(rows.add(Window(day(0), day(3)), [row(number) for number in part]) for part in parts)
    expected = sorted({number for part in parts for number in part})
    assert rows.table()["id"].tolist() == [f"{number:05d}" for number in expected]
    assert new == len(expected)


def test_what_was_changed_takes_the_place_of_what_was_before(tmp_path: Path) -> None:
    rows = FetchedRows(tmp_path)
    rows.add(Window(day(0), day(3)), [row(1, 1.0), row(2)])
    assert rows.add(Window(day(0), day(3)), [row(1, 2.0)]) == 0
    assert rows.table()["value"].tolist() == [2.0, 1.5]


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    rows = FetchedRows(tmp_path)
    rows.add(Window(day(0), day(3)), [row(1), row(2)])
    (path,) = rows.files()
    before = path.stat().st_mtime_ns, path.stat().st_ino
    assert rows.add(Window(day(0), day(3)), [row(2), row(1)]) == 0
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda _content: b"no gzip", lambda _content: b""])
def test_a_damaged_file_is_named_and_stays(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    rows = FetchedRows(tmp_path)
    rows.add(Window(day(0), day(3)), [row(n) for n in range(50)])
    (path,) = rows.files()
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(DataError, match=r"fetched earlier cannot be read .* Move the folder away") as caught:
        rows.table()
    assert caught.value.file == path
    with pytest.raises(DataError):
        rows.add(Window(day(0), day(3)), [row(99)])
    assert path.read_bytes() == damaged
