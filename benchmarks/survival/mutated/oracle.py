"""Whether what was read of an export is what stands in it: an independent, plain look at its lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from benchmarks.survival.mutated.mutators import EVERYTHING
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind

_CLOCK = (RepairKind.clock_shifted_events, RepairKind.clock_set_back)
_BETWEEN = r"[^\d\n]{1,2}"
"""Readers of ISO 8601 take any letter between date and time; tables have them in two cells."""
_CLOCK_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?:\.\d+)?(?: ?(?P<zone>Z|[+-]\d\d:?\d\d))?"
_FORMS = tuple(
    re.compile(date + _BETWEEN + _CLOCK_TIME)
    for date in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?<!\d)(?P<day>\d{1,2})[-.](?P<month>\d{1,2})[-.](?P<year>\d{4})",
        r"(?<!\d)(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d\d)",
    )
)
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WITH_COMMA = re.compile(r"(?<![\w.,])[-+]?\d+,\d+(?![\w.,])")
_SAME = 1e-6
_DELIVERY_SECONDS = 300
"""At 1.5 U a minute a bolus of these exports takes less than four minutes."""


@dataclass(frozen=True)
class Line:
    """What one line says: times (seconds since 1970) and numbers, whatever they are of."""

    times: frozenset[int]
    numbers: frozenset[float]

    def says(self, time: int | None, value: float) -> bool:
        """Whether the value stands here, and the time if one is given."""
        return (time is None or time in self.times) and any(abs(value - number) <= _SAME for number in self.numbers)


def lines_of(content: bytes) -> list[Line]:
    """The lines of a text in whatever encoding the readers take."""
    try:
        text = content.decode(_encoding_of(content))
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    return [_line(line) for line in re.split(r"\r\n|\r|\n", text)]


def _encoding_of(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return {(False, True): "utf-16-le", (True, False): "utf-16-be"}.get(
        (content[:1] == b"\0", content[1:2] == b"\0"), "utf-8-sig"
    )


def faults_of(lines: list[Line], found: PumpEvents, with_times: bool = True) -> list[str]:
    """What was read that no line says: readings and boluses, with_times at their times, and rates."""
    exact = with_times and not any(found.repairs[kind] for kind in _CLOCK)
    faults = []
    by_time: dict[int | None, list[Line]] = {None: lines}
    for line in lines:
        for time in line.times:
            by_time.setdefault(time, []).append(line)
    for name, time, value in _told(found):
        # Where one line alone tells a bolus, delivered whole, it began before, by as long as a pump takes for it.
        until = time + (_DELIVERY_SECONDS if name == "bolus" else 0)
        near = [each for at, each in by_time.items() if at is not None and time <= at <= until] if exact else [lines]
        if not any(line.says(None, value) for each in near for line in each):
            faults.append(f"{name} {value:g} at {np.datetime64(time, 's')} stands in no line")
    whole = {number for line in lines for number in line.numbers} | {0.0}
    rates = found.basal.rate[np.isfinite(found.basal.rate)]
    strange = [rate for rate in rates if not any(abs(rate - number) <= _SAME for number in whole | _hourly(lines))]
    return faults[:3] + [f"a rate of {rate:g} U/h stands nowhere" for rate in strange[:3]]


def lost_of(original: list[Line], touched: frozenset[int], whole: PumpEvents, found: PumpEvents) -> list[str]:
    """Readings and boluses of untouched lines that are gone without being counted."""
    if touched == EVERYTHING:
        return []
    counted = sum(count for _, count in found.repairs) - sum(count for _, count in whole.repairs)
    kept = [line for place, line in enumerate(original) if place not in touched]
    there = {(name, time, round(value, 6)) for name, time, value in _told(found)}
    lost = [
        (name, time, value)
        for name, time, value in _told(whole)
        if (name, time, round(value, 6)) not in there and any(line.says(time, value) for line in kept)
    ]
    return [f"{len(lost)} lost, {counted:g} counted: {lost[0]}"] if len(lost) > max(counted, 0) else []


def _told(found: PumpEvents) -> Iterator[tuple[str, int, float]]:
    for name, kind, values in (
        ("glucose", found.glucose, found.glucose.glucose),
        ("bolus", found.bolus, found.bolus.dose),
    ):
        for time, value in zip(kind.times.astype(np.int64).tolist(), values.tolist(), strict=True):
            yield name, time, value


def _line(text: str) -> Line:
    times, rest = set(), text
    for form in _FORMS:
        times |= {time for found in form.finditer(rest) if (time := _second(found)) is not None}
        rest = form.sub(" ", rest)
    told = [*_NUMBER.findall(rest), *(number.replace(",", ".") for number in _WITH_COMMA.findall(rest))]
    return Line(frozenset(times), frozenset(float(number) for number in told))


def _second(found: re.Match[str]) -> int | None:
    said = {name: int(found[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")}
    zone = (found["zone"] or "Z").replace("Z", "+0000").replace(":", "")
    try:
        said["year"] += 2000 if len(found["year"]) == len("24") else 0
        moment = datetime(**said, tzinfo=datetime.strptime(zone, "%z").tzinfo)  # type: ignore[arg-type]
    except ValueError:
        return None
    return int(moment.astimezone(UTC).timestamp())


def _hourly(lines: list[Line]) -> set[float]:
    """Amounts over the hours between two times of their line, as rates."""
    return {
        number / abs(one - other) * 3600
        for line in lines
        if len(line.times) == 2 and len(line.numbers) < 20
        for one, other in [tuple(line.times)]
        for number in line.numbers
    }
