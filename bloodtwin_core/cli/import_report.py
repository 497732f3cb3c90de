"""What an import found, as text for a terminal: one line a pump, and what was repaired."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.events.repairs import read_repairs
from bloodtwin_core.records import RECORDS_PER_DAY
from bloodtwin_core.records.split_files import PumpSplitFiles, read_split_file
from bloodtwin_core.records.summary import long_gaps, summarise

_HEAD = (
    "pump",
    "first record (UTC)",
    "last record (UTC)",
    "days",
    "records",
    "glucose missing",
    "gaps",
    "in range",
    "basal",
    "bolus",
)
_UNITS = ("", "", "", "", "", "", "over {max_gap_hours:g} h", "70-180 mg/dL", "U/day", "U/day")


@dataclass(frozen=True)
class _Reported:
    cells: tuple[str, ...]
    repairs: list[str]


def report(pumps: Sequence[PumpSplitFiles], max_gap_hours: float) -> str:
    """A table of the pumps' split files as they were written, then each pump's repairs."""
    reported = [_reported(pump, max_gap_hours) for pump in pumps]
    units = tuple(unit.format(max_gap_hours=max_gap_hours) for unit in _UNITS)
    lines = _aligned([_HEAD, units, *(pump.cells for pump in reported)])
    for pump, found in zip(pumps, reported, strict=True):
        lines += ["", f"pump {pump.pump_id}: {'repaired:' if found.repairs else 'nothing had to be repaired'}"]
        lines += [f"  {sentence}" for sentence in found.repairs]
    return "\n".join(lines) + "\n"


def _reported(pump: PumpSplitFiles, max_gap_hours: float) -> _Reported:
    files = [read_split_file(path) for path in pump.files.values()]
    parts = [file.records for file in files]
    summary = summarise(pump.pump_id, parts)
    cells = (
        pump.pump_id,
        summary.first,
        summary.last,
        f"{summary.records / RECORDS_PER_DAY:.1f}",
        f"{summary.records:,}",
        f"{summary.missing_share:.1%}",
        str(long_gaps(parts, max_gap_hours).count),
        f"{summary.in_range:.1%}",
        _or_unknown(summary.basal_per_day),
        _or_unknown(summary.bolus_per_day),
    )
    return _Reported(cells, read_repairs(files[0].header).sentences())


def _or_unknown(units: float) -> str:
    return "unknown" if np.isnan(units) else f"{units:.1f}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
