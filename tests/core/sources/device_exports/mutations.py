"""Exports damaged at random, and whether what is read of one is what the undamaged export says.

A damaged export is refused, or what the untouched lines say is read as before: every reading and bolus of theirs, and
the same rate wherever the touched lines do not decide it. What they say beyond that is counted as a repair.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.device_exports.importer import events
from bloodtwin_core.sources.settings import data_settings

NOT_IN_EVERY_LAYOUT = ("RequestDateTime", "Bolus Number", "Bolus Duration (h:mm:ss)", "Alarm", "Raw-Device Type")
"""Columns that some exports lack: an export whose header lost one of these says less, and is read so."""
DAMAGE = (
    "", "x", "-", "0", "9", "-7", "5,5", "1e308", "nan", "inf", "99999999999", "\uff15", '"', ";", ",", "\t", "\r",
    "\x00", "\u2028", "EGV", "Normal", "mg/dL", "2024-03-01 12:00", "24:00:00", "9999-12-31", "AMOUNT=7",
    "NORMAL_PUMPING", "3",
)  # fmt: skip


@dataclass(frozen=True)
class Damaged:
    """A text, and the lines (0-based) of the original that are not as they were; cut: all to the end are gone.

    gone: the touched lines are not there any more.
    """

    text: str
    touched: frozenset[int]
    cut: bool = False
    gone: bool = False


def damaged_whole(original: str, kind: str, rng: random.Random) -> Damaged | None:
    """A line doubled or left out, or the end cut off; None for any other kind of damage."""
    lines = original.split("\n")
    place = rng.randrange(len(lines))
    if kind == "doubled":
        return Damaged("\n".join([*lines[:place], lines[place], *lines[place:]]), frozenset({place}))
    if kind == "left out":
        return Damaged("\n".join(lines[:place] + lines[place + 1 :]), frozenset({place}), gone=True)
    if kind == "cut":
        cut = rng.randrange(len(original))
        kept = original[:cut].count("\n")
        return Damaged(original[:cut], frozenset(range(kept, len(lines))), cut=True, gone=True)
    return None


def damaged(original: str, rng: random.Random) -> Damaged:
    """One to three spans replaced, a line doubled or taken out, or the end cut off."""
    lines = original.split("\n")
    kind = rng.choice(("span", "span", "span", "cell", "cell", "doubled", "left out", "cut"))
    if (damage := damaged_whole(original, kind, rng)) is not None:
        return damage
    touched = {rng.randrange(len(lines)) for _ in range(rng.randint(1, 3))}
    for line in touched:
        text = lines[line]
        if kind == "cell":
            delimiter = ";" if text.count(";") > text.count(",") else ","
            cells = text.split(delimiter)
            cells[rng.randrange(len(cells))] = rng.choice(DAMAGE)
            lines[line] = delimiter.join(cells)
        else:
            start = rng.randrange(len(text) + 1)
            lines[line] = text[:start] + rng.choice(DAMAGE) + text[start + rng.randrange(8) :]
    return Damaged("\n".join(lines), frozenset(touched))


def read(folder: Path, text: str) -> PumpEvents | None:
    """What is read of an export; None if it is refused in words."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "export.csv").write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    vendor = VendorSettings(time_zone="Europe/London", glucose_unit="mg/dL" if "CGM / BGM" in text else "")
    try:
        (found,) = events(data_settings(source="vendor", root=str(folder), vendor=vendor))
    except BloodTwinError:
        return None
    return found


Reader = Callable[[str], PumpEvents | None]
"""What is read of a text; None if it is refused in words."""


def reader_in(folder: Path) -> Reader:
    """Reads exports of the vendors, written to this folder."""
    return lambda text: read(folder, text)


def silently_other(reader: Reader, original: str, whole: PumpEvents, change: Damaged) -> str:
    """What is read otherwise than the original says, without a word; "" if nothing is. whole: of the original."""
    found = reader(change.text)
    lost = any(name in original and name not in change.text for name in NOT_IN_EVERY_LAYOUT)
    if found is None or _counted(found) != _counted(whole) or (lost and not change.cut):
        return ""
    untouched = _without(reader, original, change.touched)
    for header in range(1, len(change.touched)):
        # The first of them may be the header, and lines above it.
        if untouched is None:
            untouched = _without(reader, original, frozenset(sorted(change.touched)[header:]))
    if untouched is None or _counted(untouched) != _counted(whole):
        # The touched lines hold what the whole file depends on.
        untouched = PumpEvents.empty("") if change.cut else whole
    for name in ("glucose", "bolus"):
        kept = _listed(whole, name) & _listed(untouched, name)
        if missing := kept - _listed(found, name):
            return f"{name} lost: {missing}"
        new = sum((_listed(found, name) - _listed(whole, name)).values())
        if new > 2 * len(change.touched):
            return f"{new} {name} of {len(change.touched)} touched lines"
    moments = np.unique(np.concatenate([each.basal.times for each in (whole, untouched, found)]))
    rates = [_rates(each, moments) for each in (whole, untouched, found)]
    same = np.isclose(rates[0], rates[1], equal_nan=True)
    # A rate that the touched lines themselves say lasts until the next.
    own = _in_force_is_new(found, [whole, untouched], moments)
    other = same & ~np.isclose(rates[0], rates[2], equal_nan=True) & ~own
    return f"rate at {moments[other][0]}: {rates[0][other][0]}" if other.any() else ""


def vanished(reader: Reader, original: str, whole: PumpEvents, change: Damaged) -> str:
    """Readings and boluses of the touched lines that are neither as before nor others nor counted; "" if none."""
    found = reader(change.text)
    if found is None or change.gone or _counted(found) != _counted(whole):
        return ""
    untouched = _without(reader, original, change.touched)
    if untouched is None:
        return ""
    for name in ("glucose", "bolus"):
        own = _listed(whole, name) - _listed(untouched, name)
        lost, new = own - _listed(found, name), _listed(found, name) - _listed(whole, name)
        if lost.total() > new.total():
            return f"{name} vanished: {lost}"
    return ""


def _without(reader: Reader, original: str, lines: frozenset[int]) -> PumpEvents | None:
    """What is read of the original without some of its lines."""
    return reader("\n".join(text for line, text in enumerate(original.split("\n")) if line not in lines))


def _in_force_is_new(found: PumpEvents, others: list[PumpEvents], moments: np.ndarray) -> np.ndarray:
    """Whether the change of rate that is in force at each moment is one that none of the others has."""
    known = {change for each in others for change in zip(each.basal.times.tolist(), each.basal.rate, strict=True)}
    changes = zip(found.basal.times.tolist(), found.basal.rate, strict=True)
    new = [not any(change[0] == time and np.isclose(change[1], rate, equal_nan=True) for change in known)
           for time, rate in changes]  # fmt: skip
    return np.append(False, new)[np.searchsorted(found.basal.times, moments, side="right")].astype(bool)


def _counted(found: PumpEvents) -> dict[RepairKind, float]:
    return {kind: count for kind, count in found.repairs if kind is not RepairKind.repeated_events}


def _listed(found: PumpEvents, name: str) -> Counter[tuple[object, ...]]:
    kind = getattr(found, name)
    columns = [getattr(kind, column).tolist() for column in kind.__dataclass_fields__ if column != "sensor"]
    return Counter(zip(*columns, strict=True))


def _rates(found: PumpEvents, moments: np.ndarray) -> np.ndarray:
    return np.append(np.nan, found.basal.rate)[np.searchsorted(found.basal.times, moments, side="right")]
