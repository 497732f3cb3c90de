"""What a site's statuses say was delivered, beside what its treatments say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloodtwin_core.events.compared_totals import ComparedWeek, compared_totals
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.stated_totals import TotalOf
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.statuses import status_rows
from tests.core.sources.nightscout.documents import FLAT, NOON, Document, reading, status, told, treatment
from tests.core.sources.nightscout.test_site import credentials, synced
from tests.core.sources.servers.nightscout import NightscoutServer

pytestmark = pytest.mark.usefixtures(credentials.__name__)
DAYS = 7
BOLUSES = [(24.0 * 60 * day + hour * 60 + 2, 2.0 + hour % 5) for day in range(DAYS) for hour in (1, 6, 9, 14)]
"""Minutes after noon, U."""
MINUTES = np.arange(-60, DAYS * 24 * 60 + 60, 5)
_DECAY = 55.0
"""Minutes; insulin on board of a bolus falls as (1 + t / 55) exp(-t / 55)."""


def given(boluses: list[tuple[float, float]] = BOLUSES) -> list[Document]:
    return [treatment(minute, "Bolus", insulin=dose) for minute, dose in boluses]


def delivered(minutes: np.ndarray, rate: float = 1.0) -> np.ndarray:
    """U since an hour before noon, to the hundredth."""
    basal = (minutes + 60) / 60 * rate
    return np.round(basal + sum(dose * (minutes >= minute) for minute, dose in BOLUSES), 2)


def on_board(minutes: np.ndarray) -> np.ndarray:
    total = np.zeros(len(minutes))
    for minute, dose in BOLUSES:
        since = np.maximum(minutes - minute, 0) / _DECAY
        total += np.where(minutes >= minute, dose * (1 + since) * np.exp(-since), 0.0)
    return np.round(total, 3)


def statuses(levels: np.ndarray, **more: Any) -> list[Document]:
    return [status(minute, reservoir=float(level), **more) for minute, level in zip(MINUTES, levels, strict=True)]


def refilled(step: float = 0.05) -> np.ndarray:
    """Levels of a reservoir of 200 U that is filled every three days, and gives 12 U to the tube then."""
    used = delivered(MINUTES)
    levels = np.empty(len(MINUTES))
    for number in range(-1, 4):
        first, last = number * 3 * 1440, (number + 1) * 3 * 1440
        of_this = (first <= MINUTES) & (last > MINUTES)
        levels[of_this] = 200 - (used[of_this] - used[of_this][:1]) if of_this.any() else 0
        levels[of_this & (first + 10 > MINUTES)] += 12
    return np.floor(levels / step + 1e-9) * step


def weeks(pump: PumpEvents, kind: TotalOf) -> list[ComparedWeek]:
    return [week for week in compared_totals(pump).weeks() if week.kind is kind]


def site(treatments: list[Document], said: list[Document]) -> PumpEvents:
    return told(*treatments, statuses=said, hours=24 * (DAYS + 2))


@pytest.mark.parametrize("step", [0.05, 1.0])
def test_what_left_the_reservoir_agrees_with_what_was_imported(step: float) -> None:
    found = weeks(site(given(), statuses(refilled(step))), TotalOf.reservoir)
    assert sum(week.stated for week in found) > 0.85 * delivered(MINUTES)[-1]
    assert not any(week.differs for week in found)
    assert sum(week.difference for week in found) == pytest.approx(0, abs=0.2 if step < 1 else 4)


def test_boluses_that_are_missing_show_against_the_reservoir() -> None:
    found = weeks(site(given(BOLUSES[::2]), statuses(refilled())), TotalOf.reservoir)
    assert any(week.differs and week.share < -0.1 for week in found)


def test_a_rate_that_never_ran_shows_against_the_reservoir() -> None:
    wrong = treatment(0, "Temp Basal", duration=DAYS * 1440, absolute=1.5, rate=1.5)
    found = weeks(site([*given(), wrong], statuses(refilled())), TotalOf.reservoir)
    assert any(week.differs and week.share > 0.1 for week in found)


@pytest.mark.parametrize(
    "levels",
    [
        np.full(len(MINUTES), 50.0),
        np.full(len(MINUTES), float(0xDEADBEEF)),
        np.where(np.arange(len(MINUTES)) % 2, 80.0, 140.0),
    ],
    ids=["the most that a pump shows", "no level", "two pumps by turns"],
)
def test_levels_that_tell_nothing_state_nothing(levels: np.ndarray) -> None:
    assert weeks(site(given(), statuses(levels)), TotalOf.reservoir) == []


def test_a_level_of_which_the_app_shows_a_word_instead_is_none() -> None:
    assert weeks(site(given(), statuses(refilled(), reservoir_display_override="50+U")), TotalOf.reservoir) == []


def boards(values: np.ndarray, app: str) -> list[Document]:
    said = {
        "loop": lambda value: {"loop": {"iob": {"iob": value}}},
        "oref0": lambda value: {"openaps": {"iob": [{"iob": value + 0.7, "bolusiob": value}]}},
        "AAPS": lambda value: {"openaps": {"iob": {"iob": value - 0.4, "basaliob": -0.4, "activity": 0.01}}},
        "CareLink": lambda value: {"pump": {"iob": {"bolusiob": value}}},
    }[app]
    return [{**status(minute), **said(float(value))} for minute, value in zip(MINUTES, values, strict=True)]


@pytest.mark.parametrize("app", ["loop", "oref0", "AAPS", "CareLink"])
def test_insulin_on_board_rises_with_boluses_that_were_imported(app: str) -> None:
    found = weeks(site(given(), boards(on_board(MINUTES), app)), TotalOf.on_board)
    assert sum(week.imported for week in found) == pytest.approx(sum(dose for _, dose in BOLUSES))
    assert sum(week.stated for week in found) == pytest.approx(sum(dose for _, dose in BOLUSES), rel=0.05)
    assert not any(week.differs for week in found)


def test_boluses_that_are_missing_show_against_insulin_on_board() -> None:
    lost = [bolus for place, bolus in enumerate(BOLUSES) if place % 12 not in (1, 4, 6, 9, 11)]
    found = weeks(site(given(lost), boards(on_board(MINUTES), "loop")), TotalOf.on_board)
    assert any(week.differs and week.share < -0.3 for week in found)


def test_boluses_counted_twice_show_against_insulin_on_board() -> None:
    again = [(minute + 3, dose) for minute, dose in BOLUSES[::2]]
    found = weeks(site(given([*BOLUSES, *again]), boards(on_board(MINUTES), "AAPS")), TotalOf.on_board)
    assert any(week.differs and week.share > 0.3 for week in found)


def test_insulin_on_board_tells_nothing_through_breaks() -> None:
    sparse = boards(on_board(MINUTES), "loop")[::6]
    assert weeks(site(given(), sparse), TotalOf.on_board) == []


@pytest.mark.parametrize("iob", [None, "much", [], {}, {"iob": None}, {"iob": "much"}, {"iob": True}])
def test_insulin_on_board_that_makes_no_sense_leaves_the_status_as_it_is(iob: Any) -> None:
    (row,) = status_rows({**status(0, suspended=True), "loop": {"iob": iob}}, "devicestatus/1")
    assert row.kind is SiteKind.status_suspended


@pytest.mark.parametrize("version", [1, 3])
def test_a_site_tells_of_reservoir_and_insulin_on_board(version: int, tmp_path: Path) -> None:
    """Of the days before now: of older ones version 3 is not asked for insulin on board."""
    begun = np.datetime64("now", "s") - np.timedelta64(3 * 1440, "m") - NOON
    first = float(begun / np.timedelta64(1, "m"))
    with NightscoutServer(speaks_v3=version == 3) as server:
        server.entries = [reading(first + 5 * n) for n in range(500)]
        server.profiles = [FLAT]
        server.treatments = [treatment(first + 600, "Bolus", insulin=4.0)]
        server.statuses = [
            {**status(first + 5 * n, reservoir=100 - n / 12 - 4 * (n > 120)), "loop": {"iob": {"iob": 4.0 * (n > 120)}}}
            for n in range(500)
        ]
        found = synced(server, tmp_path).stated
    assert set(found.kinds) == {TotalOf.reservoir, TotalOf.on_board}
    assert found.units[found.kinds == TotalOf.on_board].tolist() == [4.0]
