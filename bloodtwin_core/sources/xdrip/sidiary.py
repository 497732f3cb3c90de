"""The CSV file of xDrip+, in the format of SiDiary: DAY;TIME;UDT_CGMS;BG_LEVEL;CH_GR;BOLUS;REMARK.

As DatabaseUtil.java of NightscoutFoundation/xDrip writes it: local times to the minute, glucose in mg/dL whatever the
app shows, and three blocks, each in the order of time: readings, calibrations, treatments.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.clocks import device_times
from bloodtwin_core.events.repairs import Repairs
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports.cells import Cells, decoded_text, parse_times, split_rows
from bloodtwin_core.sources.device_exports.export import Export
from bloodtwin_core.sources.exported_files import ExportedFile
from bloodtwin_core.sources.xdrip.content import FileContent, Reading

DAY, TIME, GLUCOSE = "DAY", "TIME", "UDT_CGMS"
_CARBOHYDRATES, _BOLUS, _REMARK = "CH_GR", "BOLUS", "REMARK"
_FORMATS = ("%d.%m.%Y %H:%M",)
_DELIMITER = ";"


def is_sidiary(content: bytes) -> bool:
    """Whether a file is a CSV of this format."""
    return content[:100].lstrip(b"\xef\xbb\xbf \r\n").startswith(f"{DAY};{TIME};{GLUCOSE}".encode())


def read_sidiary(files: Sequence[ExportedFile], time_zone: str) -> list[FileContent]:
    """What each file of one wearer tells; all of them were written by one clock, that of the phone.

    Raises DataError, with line and column, for a cell that cannot be read.
    """
    tables = [_table(file) for file in files]
    blocks = [block for table in tables for block in (table.readings, table.treatments)]
    times, repairs, clock = device_times([_local(block) for block in blocks], zone_named(time_zone))
    told = []
    for place, table in enumerate(tables):
        measured, given = (each.astype(np.int64) for each in times[2 * place : 2 * place + 2])
        glucose = table.readings.numbers(GLUCOSE)
        readings = [Reading(int(time), float(value)) for time, value in zip(measured, glucose, strict=True)]
        own = sum(repairs[2 * place : 2 * place + 2], clock if place == 0 else Repairs())
        told.append(FileContent(readings, _documents(table.treatments, given), repairs=own))
    return told


@dataclass(frozen=True)
class _Table:
    """The blocks of one file that are read."""

    readings: Cells
    treatments: Cells


def _table(file: ExportedFile) -> _Table:
    text = decoded_text(file.path, file.content)
    rows, lines = split_rows(file.path, text, _DELIMITER)
    export = Export(file.path, text, _DELIMITER, rows, lines, ends_in_text=True)
    cells = export.only_table(DAY, TIME, GLUCOSE, above=0)
    readings = cells.where(~np.isnan(cells.numbers(GLUCOSE)))
    treatments = cells.where(_told(cells, _BOLUS) | _told(cells, _CARBOHYDRATES))
    if not len(readings) and not len(treatments):
        raise DataError("the file holds no reading and no treatment", todo="Export more days", file=file.path)
    return _Table(readings, treatments)


def _told(cells: Cells, column: str) -> np.ndarray:
    if not cells.has(column):
        return np.zeros(len(cells), dtype=bool)
    told: np.ndarray = np.nan_to_num(cells.numbers(column)) > 0
    return told


def _local(cells: Cells) -> Timestamps:
    """The wall times of the rows [row] of one block."""
    texts = np.array(
        [f"{day} {time}" for day, time in zip(cells.texts(DAY), cells.texts(TIME), strict=True)], dtype=object
    )
    return parse_times(cells, DAY, texts, _FORMATS)


def _documents(cells: Cells, times: "np.typing.NDArray[np.int64]") -> list[dict[str, object]]:
    """Treatments as documents of Nightscout, known by all that their row says."""
    amounts = {
        name: np.nan_to_num(cells.numbers(column)) if cells.has(column) else np.zeros(len(cells))
        for name, column in (("insulin", _BOLUS), ("carbs", _CARBOHYDRATES))
    }
    remarks = cells.texts(_REMARK) if cells.has(_REMARK) else np.full(len(cells), "", dtype=object)
    return [
        {
            "_id": f"{time} {amounts['insulin'][row]:g} {amounts['carbs'][row]:g} {remarks[row]}",
            "date": int(time) * 1000,
            "insulin": float(amounts["insulin"][row]),
            "carbs": float(amounts["carbs"][row]),
            "notes": str(remarks[row]),
        }
        for row, time in enumerate(times)
    ]
