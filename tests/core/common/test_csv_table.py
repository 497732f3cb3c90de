"""Tables that are cut off, endless or no files at all: refused in words, at once, and without repeating them."""

import os
import time
import tracemalloc
from pathlib import Path

import pytest

from bloodtwin_core.common.csv_table import read_table
from bloodtwin_core.common.errors import DataError

HEADER = "timestamp,bolus_dose,event_type"
WHOLE = f"{HEADER}\n2024-03-01T00:00:00Z,13.25,meal\n2024-03-01T01:00:00Z,171,meal\n"


def refusal(path: Path) -> str:
    started = time.monotonic()
    with pytest.raises(DataError) as caught:
        read_table(path, ["timestamp"], ["bolus_dose"])
    assert time.monotonic() - started < 1
    assert len(str(caught.value)) < 900
    return str(caught.value)


@pytest.mark.parametrize("cut", range(len(HEADER) + 2, len(WHOLE)))
def test_a_file_cut_anywhere_gives_no_number_that_it_did_not_hold(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "bolus.csv"
    path.write_text(WHOLE[:cut])
    if WHOLE[:cut].endswith("\n"):
        assert read_table(path, ["timestamp"], ["bolus_dose"]).numbers["bolus_dose"][0] == 13.25
    else:
        assert "line" in refusal(path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2024-03-01T00:00:00Z,1", "2 fields, the header 3"),
        ("2024-03-01T00:00:00Z,1,meal,4", "4 fields, the header 3"),
        ("2024-03-01T00:00:00Z," + "9" * 200_000 + ",meal", "characters, more than"),
        ("2024-03-01T00:00:00Z," + "x" * 5_000 + ",meal", "is not a number"),
        ("," * 1_000_000, "characters, more than"),
        ("2024-03-01T00:00:00Z,1\x00,meal", "holds a NUL"),
    ],
)
def test_a_row_that_is_none_is_refused_with_its_line(row: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bolus.csv"
    path.write_text(f"{HEADER}\n2024-03-01T00:00:00Z,1,meal\n{row}\n")
    message = refusal(path)
    assert said in message
    assert "line 3" in message


def test_a_header_of_a_million_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{n}" for n in range(1_000_000)) + "\n1\n")
    assert "characters, more than" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "no ordinary file" in refusal(tmp_path / "pipe.csv")


def test_what_a_terminal_would_obey_is_shown_instead(tmp_path: Path) -> None:
    path = tmp_path / "bolus.csv"
    path.write_text(f"{HEADER}\n2024-03-01T00:00:00Z,\x1b[31m7,meal\n")
    assert "\\x1b[31m7" in refusal(path)


def test_one_long_field_takes_not_the_memory_of_a_long_column(tmp_path: Path) -> None:
    """Each text of a column takes the memory of the longest: of 60,000 rows of 9,000 letters, 2 GB."""
    rows = [f"2024-03-01T00:00:{number % 60:02}Z,{number % 9},meal" for number in range(60_000)]
    rows[40_000] = f"2024-03-01T00:00:00Z,1,{'x' * 9_000}"
    path = tmp_path / "bolus.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    tracemalloc.start()
    table = read_table(path, ["timestamp", "event_type"], ["bolus_dose"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300 * 1024**2
    assert len(table.texts["event_type"][40_000]) == 200
    rows[40_000] = f"2024-03-01T00:00:00Z,0.{'1' * 9_000},meal"
    path.write_text("\n".join([HEADER, *rows, ""]))
    assert "is not a number: it has 9002 characters" in refusal(path)
