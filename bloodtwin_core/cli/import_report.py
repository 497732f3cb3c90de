"""What an import found, as text for a terminal: one line a pump, what was repaired, what the source itself states."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.events.compared_totals import ComparedTotals, read_compared_totals
from bloodtwin_core.events.repairs import read_repairs
from bloodtwin_core.events.stated_totals import WORDS
from bloodtwin_core.events.usual_insulin import USUAL, InsulinFigures, insulin_figures
from bloodtwin_core.events.usual_insulin import WORDS as FIGURE_WORDS
from bloodtwin_core.records import RECORDS_PER_DAY, Feature
from bloodtwin_core.records.reading_interval import sparse_sensor
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

_WEEKS_SHOWN = 5
"""Weeks that differ from what the source states, the worst of them."""


@dataclass(frozen=True)
class _Reported:
    cells: tuple[str, ...]
    repairs: list[str]
    stated: list[str]
    unusual: list[str]
    sparse: str


def report(pumps: Sequence[PumpSplitFiles], max_gap_hours: float) -> str:
    """A table of the pumps' split files as they were written, then each pump's repairs and a second opinion on it."""
    reported = [_reported(pump, max_gap_hours) for pump in pumps]
    units = tuple(unit.format(max_gap_hours=max_gap_hours) for unit in _UNITS)
    lines = _aligned([_HEAD, units, *(pump.cells for pump in reported)])
    for pump, about in zip(pumps, reported, strict=True):
        lines += ["", f"pump {pump.pump_id}: {'repaired:' if about.repairs else 'nothing had to be repaired'}"]
        lines += [f"  {sentence}" for sentence in about.repairs]
        lines += about.stated + about.unusual
        lines += [f"  Of no use for forecasts: {about.sparse}."] if about.sparse else []
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
    header = files[0].header
    return _Reported(
        cells,
        repairs=read_repairs(header).sentences(),
        stated=_stated(read_compared_totals(header)),
        unusual=_unusual(insulin_figures(parts)),
        sparse=sparse_sensor(np.isfinite(part.feature(Feature.bg)) for part in parts),
    )


def _stated(totals: ComparedTotals) -> list[str]:
    """How the insulin that the source itself states compares with what was imported, a line each."""
    weeks = totals.weeks()
    if not weeks:
        return []
    differing = sorted((week for week in weeks if week.differs), key=lambda week: -abs(week.difference))
    lines = [f"  insulin as the source states it: {len(differing)} of {len(weeks)} weeks differ"]
    return lines + [
        f"    {str(week.start)[:10]}, {week.days} days: {week.stated:.1f} U of {WORDS[week.kind]} stated, "
        f"{week.imported:.1f} U imported ({week.share:+.1%})"
        for week in differing[:_WEEKS_SHOWN]
    ]


def _unusual(figures: InsulinFigures) -> list[str]:
    """The figures that lie outside of what is usual, a line each."""
    return [
        f"  unusual: {FIGURE_WORDS[name]} {_figure(name, getattr(figures, name))} "
        f"({_figure(name, USUAL[name].lowest)} to {_figure(name, USUAL[name].highest)} are usual)"
        for name in figures.unusual()
    ]


def _figure(name: str, value: float) -> str:
    unit = USUAL[name].unit
    return f"{value:.0%}" if unit == "1" else f"{value:.1f} {unit}"


def _or_unknown(units: float) -> str:
    return "unknown" if np.isnan(units) else f"{units:.1f}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
