"""What a continuity check has to say: findings, each about one check in one split of one pump."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.records import Mask, Split
from bloodtwin_core.records.split_files import TIMESTAMP, SplitFile


class CheckName(StrEnum):
    """What is looked at."""

    glucose_gap = "glucose_gap"
    breaks = "breaks"
    cadence = "cadence"
    time_order = "time_order"
    duplicate_timestamps = "duplicate_timestamps"
    value_limits = "value_limits"
    missing_flag = "missing_flag"
    clip_flag = "clip_flag"
    time_of_day = "time_of_day"
    delta_bg = "delta_bg"
    split_order = "split_order"
    split_without_data = "split_without_data"
    header = "header"
    wearer_overlap = "wearer_overlap"


class Severity(StrEnum):
    """error: the records must not be trained or tested on. warning: they may, but somebody should look."""

    error = "error"
    warning = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong in one split of one pump: the first place where it is, and how much of it there is.

    split is None for what concerns the pump as a whole.
    """

    check: CheckName
    severity: Severity
    pump_id: str
    split: Split | None
    file: Path | None
    line: int | None
    column: str | None
    how_much: str
    what: str
    todo: str

    @property
    def message(self) -> str:
        """The finding as one sentence, with its place."""
        places = [str(self.file or ""), f"line {self.line}" if self.line else "", f"column {self.column or ''}"]
        where = ", ".join(place for place in places[: 3 if self.column else 2] if place)
        subject = f"pump {self.pump_id}, {self.split}" if self.split else f"pump {self.pump_id}"
        return f"{subject}: {self.what} ({self.how_much}){f', first at {where}' if where else ''}. {self.todo}"


def about(
    file: SplitFile,
    check: CheckName,
    what: str,
    how_much: str,
    todo: str,
    *,
    record: int | None = None,
    column: str | None = None,
    severity: Severity = Severity.error,
) -> Finding:
    """A finding about one split; record (0-based) is the first one concerned and gives the line."""
    line = None if record is None else file.line_of(record)
    return Finding(check, severity, file.pump_id, file.split, file.path, line, column, how_much, what, todo)


def records_where(
    file: SplitFile,
    wrong: Mask,
    check: CheckName,
    what: str,
    todo: str,
    column: str,
    severity: Severity = Severity.error,
) -> Iterator[Finding]:
    """One finding about all records where wrong [record] is true; `{}` in what is the first such record's value."""
    first = first_true(wrong)
    if first is not None:
        value = file.records.timestamps[first] if column == TIMESTAMP else file.records.feature(column)[first]
        count = int(wrong.sum())
        how_much = f"{count} record{'s' if count > 1 else ''}"
        yield about(file, check, what.format(value), how_much, todo, record=first, column=column, severity=severity)
