"""Rows that would be lost, or read below other names, without a word: refused with their line."""

import re
import zipfile
from pathlib import Path

import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.sources.settings import data_settings
from tests.core.sources.device_exports.test_paradigm import COLUMNS as PARADIGM
from tests.core.sources.device_exports.test_paradigm import rate, row
from tests.core.sources.device_exports.vendor_files import (
    PUMP,
    SENSOR,
    bolus,
    carelink,
    clarity,
    egv,
    reading,
    t_connect,
    wearer,
)

READINGS = [{"at": f"2024/05/01 {hour:02}:00:00", "glucose": f"{100 + hour}"} for hour in range(9)]
RATES = [{"at": f"2024/05/01 {hour:02}:00:30", "basal": "0,7"} for hour in range(9)]


def swapped(text: str, one: int, other: int) -> str:
    lines = text.split("\n")
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def test_a_row_of_more_cells_than_the_header_may_hold_a_decimal_comma(tmp_path: Path) -> None:
    rows = [egv(f"2024-05-01T{hour:02}:00:00", 100 + hour) for hour in range(9)]
    wearer(tmp_path / "whole", clarity(rows))
    rows[4] = rows[4].replace("104", "10,4")
    with pytest.raises(DataError, match=r"line 9: the row has 15 cells, the header 14: one may hold a decimal comma"):
        wearer(tmp_path / "comma", clarity(rows))


def test_entries_of_carelink_below_no_header_are_refused(tmp_path: Path) -> None:
    text = carelink({PUMP: RATES, SENSOR: READINGS})
    wearer(tmp_path / "whole", text)
    sections = [place for place, line in enumerate(text.split("\n")) if line.startswith("-------")]
    for name, moved in (
        ("section", swapped(text, sections[0], sections[1] + 5)),
        ("header", swapped(text, sections[0] + 1, sections[0] + 4)),
    ):
        with pytest.raises(DataError, match=r"line \d+: the row stands below no header"):
            wearer(tmp_path / name, moved)


def test_entries_of_a_paradigm_above_the_header_are_refused(tmp_path: Path) -> None:
    rows = [
        rate("5/20/24 00:00:01", "0.8"),
        *(row(f"5/20/24 0{n}:05:00", "GlucoseSensorData", "A=1", "99") for n in "12"),
    ]
    with pytest.raises(DataError, match="line 2: the row stands below no header"):
        wearer(tmp_path, "\n".join(["", rows[0], PARADIGM, *rows[1:], ""]))


@pytest.mark.parametrize("column", ["InsulinDelivered", "BasalRate", "Readings (CGM / BGM)"])
def test_a_table_of_t_connect_that_lost_the_name_of_a_column_is_not_passed_over(column: str, tmp_path: Path) -> None:
    text = t_connect(
        [reading(f"2024-05-01T{hour:02}:00:00", 100 + hour) for hour in range(9)],
        [bolus("2024-05-01T02:00:00", "2024-05-01T02:05:00", 2, asked=2)],
        ['"Basal","2024-05-01T00:00:00","0.7"'],
    )
    wearer(tmp_path / "whole", text, glucose_unit="mg/dL")
    with pytest.raises(DataError):
        wearer(tmp_path / "lost", re.sub(re.escape(column) + "(?=[,\n])", "x", text), glucose_unit="mg/dL")


def test_a_file_whose_name_in_the_zip_was_damaged_is_not_left_out(tmp_path: Path) -> None:
    from bloodtwin_core.sources.glooko.importer import events
    from tests.core.sources.app_exports import write_glooko

    write_glooko(tmp_path / "made")
    path = tmp_path / "root" / "export.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as made:
        for file in (tmp_path / "made" / "881235").iterdir():
            made.writestr(file.name, file.read_bytes())
    settings = data_settings(source="glooko", root=str(path.parent), glooko={"time_zone": "UTC"})
    assert len(next(iter(events(settings))).basal)
    content = path.read_bytes()
    place = content.rindex(b"basal_data_1.csv")
    path.write_bytes(content[:place] + b"casal-data" + content[place + 10 :])
    with pytest.raises(DataError, match=r"the zip file cannot be read \(BadZipFile"):
        list(events(settings))
