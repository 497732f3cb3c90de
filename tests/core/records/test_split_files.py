from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bloodtwin_core.common.errors import DataError, StorageError
from bloodtwin_core.records import FEATURES, Feature, PumpRecords, Split
from bloodtwin_core.records.split_files import COLUMNS, find_split_files, read_split_file, write_split_file

HEADER = ",".join(COLUMNS)
ROW = "2024-03-01T00:{minute:02d}:00Z,120,0,0.8,0,0,1,0,0"


def rows(count: int) -> list[str]:
    return [ROW.format(minute=5 * number) for number in range(count)]


def file_of(lines: list[str], folder: Path, newline: str = "\n", encoding: str = "utf-8") -> Path:
    path = folder / "lstm_train_20240301.csv"
    path.write_bytes(newline.join([*lines, ""]).encode(encoding))
    return path


def records_of(values: np.ndarray, pump_id: str = "881235") -> PumpRecords:
    start = np.datetime64("2024-03-01T00:00:00", "s")
    return PumpRecords(pump_id, start + np.arange(len(values)) * np.timedelta64(300, "s"), values)


@settings(max_examples=50, deadline=None)
@given(
    values=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 30), st.just(len(FEATURES))),
        elements=st.floats(width=32, allow_infinity=False, allow_nan=True),
    )
)
def test_any_records_read_back_as_they_were_written(
    values: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> None:
    records = records_of(values)
    read = read_split_file(write_split_file(tmp_path_factory.mktemp("split"), records, Split.validate))
    assert (read.pump_id, read.split) == ("881235", Split.validate)
    np.testing.assert_array_equal(read.records.timestamps, records.timestamps)
    np.testing.assert_array_equal(read.records.values, records.values)
    assert read.records.values.dtype == np.float32


def test_the_largest_float32_reads_back(tmp_path: Path) -> None:
    values = np.full((2, len(FEATURES)), np.finfo(np.float32).max)
    read = read_split_file(write_split_file(tmp_path, records_of(values), Split.train))
    np.testing.assert_array_equal(read.records.values, values)


def test_ordinary_float32_values_read_back_exactly_in_great_number(tmp_path: Path) -> None:
    values = np.random.default_rng(7).uniform(-1, 600, (20_000, len(FEATURES))).astype(np.float32)
    read = read_split_file(write_split_file(tmp_path, records_of(values), Split.train))
    np.testing.assert_array_equal(read.records.values, values)


def test_the_same_records_give_the_same_bytes_and_the_name_tells_the_last_record(tmp_path: Path) -> None:
    records = records_of(np.zeros((3, len(FEATURES)), dtype=np.float32))
    first = write_split_file(tmp_path / "a", records, Split.train)
    again = write_split_file(tmp_path / "b", records, Split.train)
    assert first.read_bytes() == again.read_bytes()
    assert first.relative_to(tmp_path / "a") == Path("pump_881235/train/lstm_train_20240301T001000Z.csv")


def test_the_header_describes_the_file(tmp_path: Path) -> None:
    values = np.zeros((3, len(FEATURES)), dtype=np.float32)
    values[1, Feature.bg_missing_flag.column] = 1
    path = write_split_file(tmp_path, records_of(values), Split.test, notes="two\nlines")
    header = read_split_file(path).header
    assert (header.data_version, header.pump_serial, header.file_role) == ("2.0", "881235", "test")
    assert (header.record_count, header.bg_missing_count, header.bg_clipped_count) == ("3", "1", "0")
    assert header.generated_at_utc == "2024-03-01T00:10:00Z"
    assert header.columns == HEADER
    assert header.notes == "two lines"


@pytest.mark.parametrize(
    "lines",
    [
        [HEADER, *rows(3)],
        ["# pump_serial: 881235", "# colour: blue", "#no colon", "", HEADER, *rows(3)],
        ["# note", HEADER, *[row.replace("Z", "+00:00") for row in rows(3)]],
        [HEADER, *[row.replace("Z", ".123456Z") for row in rows(3)]],
        [HEADER, *[row.replace("T", " ") for row in rows(3)]],
        [HEADER, *[row.replace(",1,0,0", ",1.0,0.0,0.0") for row in rows(3)]],
        [HEADER, *[row.replace("01T00:", "01T05:").replace("Z", "+05:00") for row in rows(3)]],
        [HEADER, rows(1)[0], "", "# a comment between", *rows(3)[1:]],
        [f"{HEADER},device", *[f"{row},pump" for row in rows(3)]],
        [",".join(reversed(COLUMNS)), *[",".join(reversed(row.split(","))) for row in rows(3)]],
        [HEADER, *[f'"{row.split(",")[0]}", {",".join(row.split(",")[1:])}' for row in rows(3)]],
    ],
    ids=[
        "bare", "extra keys", "offset zero", "fractions", "blank for T", "float flags", "other offset",
        "comment in the body", "extra column", "other order", "quoted",
    ],
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_files_that_others_wrote_load_unchanged(tmp_path: Path, lines: list[str], newline: str, encoding: str) -> None:
    read = read_split_file(file_of(lines, tmp_path, newline, encoding))
    expected = [f"2024-03-01T00:{minute:02d}:00" for minute in (0, 5, 10)]
    assert [str(time) for time in read.records.timestamps] == expected
    np.testing.assert_allclose(read.records.values, np.tile(np.float32([120, 0, 0.8, 0, 0, 1, 0, 0]), (3, 1)))
    written = (tmp_path / "lstm_train_20240301.csv").read_text(encoding).split("\n")
    for record in range(3):
        assert f"{5 * record:02d}:00" in written[read.line_of(record) - 1]


def test_a_note_in_another_encoding_does_not_stop_a_file(tmp_path: Path) -> None:
    read = read_split_file(file_of(["# notes: für Anna", HEADER, *rows(1)], tmp_path, encoding="latin-1"))
    assert len(read.records) == 1


def test_keys_that_the_contract_lacks_are_kept_apart(tmp_path: Path) -> None:
    header = read_split_file(file_of(["# colour: blue: light", "# notes: n", HEADER, *rows(1)], tmp_path)).header
    assert header.extra == {"colour": "blue: light"}
    assert header.notes == "n"
    assert header.pump_serial == ""


def test_values_that_make_no_sense_are_read_and_left_to_the_checks(tmp_path: Path) -> None:
    lines = [HEADER, *rows(2)[::-1], rows(1)[0].replace("120", "9000"), rows(1)[0].replace("120", "")]
    read = read_split_file(file_of(lines, tmp_path))
    np.testing.assert_array_equal(read.records.feature(Feature.bg), np.float32([120, 120, 9000, np.nan]))


BROKEN = {
    "empty": ([], None, None, "empty"),
    "only comments": (["# a: b"], None, None, "comments but no header"),
    "no rows": (["# a: b", HEADER], 2, None, "no rows"),
    "renamed column": (
        ["# a: b", HEADER.replace("basal_rate", "basal"), *rows(1)],
        2,
        "basal_rate",
        "Rename column 'basal' to 'basal_rate'",
    ),
    "missing column": ([HEADER.replace(",bolus_dose", ""), *rows(1)], 1, "bolus_dose", "Add a column 'bolus_dose'"),
    "column twice": ([HEADER + ",bg", rows(1)[0] + ",1"], 1, "bg", "stands twice"),
    "text in a number": (
        ["# a: b", HEADER, *rows(2), "", rows(1)[0].replace("0.8", "high")],
        6,
        "basal_rate",
        "'high' is not a number",
    ),
    "infinity": ([HEADER, rows(1)[0], rows(1)[0].replace("120", "inf")], 3, "bg", "not a finite"),
    "too large": ([HEADER, rows(1)[0].replace("120", "1e999")], 2, "bg", "not a finite"),
    "too large for float32": ([HEADER, rows(1)[0].replace("120", "1e39")], 2, "bg", "not a finite"),
    "no timestamp": (
        [HEADER, *rows(1), rows(1)[0].replace("2024-03-01", "first of March")],
        3,
        "timestamp",
        "first of March",
    ),
    "empty timestamp": ([HEADER, *rows(1), "," + rows(1)[0].split(",", 1)[1]], 3, "timestamp", "not a timestamp"),
    "no zone": ([HEADER, *rows(2), rows(1)[0].replace("Z", "")], 4, "timestamp", "no zone"),
    "only a date": ([HEADER, rows(1)[0].replace("T00:00:00Z", "")], 2, "timestamp", "no zone"),
    "surplus field": ([HEADER, *rows(1), rows(1)[0] + ",5"], 3, None, "10 fields"),
    "surplus field everywhere": ([HEADER, *[row + ",5" for row in rows(3)]], 2, None, "10 fields"),
}


@pytest.mark.parametrize(("lines", "line", "column", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_cannot_be_understood_is_refused_with_its_place(
    tmp_path: Path, lines: list[str], line: int | None, column: str | None, says: str
) -> None:
    path = file_of(lines, tmp_path) if lines else tmp_path / "lstm_train_empty.csv"
    path.touch()
    with pytest.raises(DataError) as caught:
        read_split_file(path)
    assert (caught.value.file, caught.value.line, caught.value.column) == (path, line, column)
    assert says in str(caught.value)
    assert caught.value.todo


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\x89PNG\r\n\x1a\n\x00\x00", "the column is missing"), (HEADER.encode("utf-16"), "the line holds a NUL")],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "lstm_train_1.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_split_file(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_split_file(tmp_path / "lstm_train_1.csv")


@pytest.mark.parametrize(
    ("place", "header", "pump_id", "split"),
    [
        ("pump_7/test/lstm_train_1.csv", ["# pump_serial: 9", "# file_role: validate"], "7", Split.test),
        ("mine/lstm_train_1.csv", ["# pump_serial: 9", "# file_role: validate"], "9", Split.validate),
        ("mine/lstm_train_1.csv", [], "lstm_train_1", Split.train),
    ],
)
def test_pump_and_split_come_from_the_folders_or_else_the_header(
    tmp_path: Path, place: str, header: list[str], pump_id: str, split: Split
) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([*header, HEADER, *rows(1), ""]))
    read = read_split_file(path)
    assert (read.pump_id, read.split) == (pump_id, split)


def test_a_file_without_any_split_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "glucose.csv"
    path.write_text("\n".join([HEADER, *rows(1), ""]))
    with pytest.raises(DataError, match="which split"):
        read_split_file(path)


@pytest.fixture
def pumps(tmp_path: Path) -> Path:
    for pump_id in ("10", "2"):
        for split in Split:
            folder = tmp_path / f"pump_{pump_id}" / split
            folder.mkdir(parents=True)
            for stamp in ("20240101", "20240201"):
                (folder / f"lstm_{split}_{stamp}.csv").write_text("\n".join([HEADER, *rows(1), ""]))
            (folder / f".lstm_{split}_20250101.csv").touch()
    return tmp_path


def test_the_newest_file_by_name_is_found_for_each_split_in_the_order_of_the_pumps(pumps: Path) -> None:
    found = find_split_files(pumps, [])
    assert [pump.pump_id for pump in found] == ["2", "10"]
    assert [path.name for path in found[0].files.values()] == [f"lstm_{split}_20240201.csv" for split in Split]


def test_only_the_wanted_pumps_are_found(pumps: Path) -> None:
    assert [pump.pump_id for pump in find_split_files(pumps, ["10", "10"])] == ["10"]


def test_a_named_pump_is_found_without_a_look_at_all_others(pumps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[Path] = []
    before = Path.glob

    def glob(folder: Path, pattern: str) -> Iterator[Path]:
        listed.append(folder)
        return before(folder, pattern)

    monkeypatch.setattr(Path, "glob", glob)
    assert [pump.pump_id for pump in find_split_files(pumps, ["10"])] == ["10"]
    assert set(listed) == {pumps / "pump_10" / split for split in Split}


def test_what_is_not_there_is_named(pumps: Path) -> None:
    with pytest.raises(DataError, match="pump 3 has no data; there are 2, 10"):
        find_split_files(pumps, ["3"])
    with pytest.raises(DataError, match="does not exist"):
        find_split_files(pumps / "nowhere", [])
    with pytest.raises(DataError, match=r"no pump_\* folder"):
        find_split_files(pumps / "pump_2", [])
    for path in (pumps / "pump_2" / "validate").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="pump_2 has no validate data") as caught:
        find_split_files(pumps, [])
    assert caught.value.file == pumps / "pump_2" / "validate"


def test_nothing_is_written_for_an_empty_split_or_an_id_that_is_no_file_name(tmp_path: Path) -> None:
    values = np.zeros((1, len(FEATURES)), dtype=np.float32)
    with pytest.raises(DataError, match="no test records"):
        write_split_file(tmp_path, records_of(values[:0]), Split.test)
    for pump_id in ("../1", "", "a b"):
        with pytest.raises(DataError, match="pump id"):
            write_split_file(tmp_path, records_of(values, pump_id), Split.test)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(StorageError, match="taken"):
        write_split_file(tmp_path / "taken", records_of(np.zeros((1, 8), dtype=np.float32)), Split.test)
