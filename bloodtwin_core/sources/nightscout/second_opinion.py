"""What a site's devicestatus says of insulin that was delivered: how the reservoir fell, and insulin on board rose.

Both are what the app or the pump knew at the time, whatever became of its treatments. The reservoir counts all insulin,
to its smallest step. Insulin on board tells of larger boluses alone, and of these roughly, since it falls meanwhile.
"""

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.events.kinds import BolusEvents
from bloodtwin_core.events.stated_totals import StatedTotals, TotalOf
from bloodtwin_core.records import Mask, Timestamps
from bloodtwin_core.sources.nightscout.kinds import RESERVOIR, STATUSES, SiteKind
from bloodtwin_core.sources.nightscout.site_rows import SiteRows

_LARGEST_RESERVOIR = 480.0
"""U; no pump holds more. Omnipod's 0xDEADBEEF stands for more than 50 U."""
_LONGEST_UNREAD = np.timedelta64(3 * 3600, "s")
"""Between two levels of one reservoir; it may have been changed in a longer time."""
_AFTER_FILLING = np.timedelta64(30 * 60, "s")
"""For so long after a level rose, what leaves the reservoir may fill the tube."""
_SHORTEST_SPAN = np.timedelta64(3600, "s")
_DAY = np.timedelta64(24 * 3600, "s")
_STEP, _UNSTEADY = 1e-6, 0.5
"""U; what is less is no fall, and what is less no filling, but a level that two apps round differently."""
_BETWEEN_STATUSES = np.timedelta64(15 * 60, "s")
"""Statuses come every five minutes; what is on board cannot be followed through longer breaks."""
_LONGEST_RISE = np.timedelta64(45 * 60, "s")
"""Through longer rises, as of an algorithm that boluses every five minutes, it is not known what was used up."""
_RISE, _DOSE, _LARGE = 0.3, 0.5, 1.0
"""U from which a rise, and a bolus, between two statuses is looked at, and from which both together count."""
_LARGEST_IOB = 100.0


def stated_totals(rows: SiteRows, bolus: BolusEvents) -> StatedTotals:
    """What the statuses state of each day (UTC). rows: in the order of time; bolus: what treatments were read as."""
    return by_reservoir(rows).joined([by_insulin_on_board(rows, bolus)])


def by_reservoir(rows: SiteRows) -> StatedTotals:
    """All insulin of each day, as the reservoir fell between two changes of its level.

    A level that only stands still tells nothing: it may be that of a pump out of reach, or the most that a pump shows.
    """
    said = rows.of_kind(*STATUSES)
    said = said.chosen((said.detail == RESERVOIR) & (said.value <= _LARGEST_RESERVOIR))
    times, levels = said.times, said.value
    if len(times) < 2:
        return StatedTotals()
    steps, apart = np.diff(levels), np.diff(times)
    filled = np.append(True, (steps > _UNSTEADY) | (apart > _LONGEST_UNREAD))
    run = np.cumsum(filled)
    levels = np.concatenate([np.minimum.accumulate(part) for part in np.split(levels, np.flatnonzero(filled)[1:])])
    first = times[np.flatnonzero(filled)][run - 1]
    # Of the first level it is not known whether the reservoir had been filled just before.
    changed = np.append(False, np.diff(levels) < -_STEP) & ~filled & (times - first >= _AFTER_FILLING)
    return _day_by_day(times[changed], levels[changed], run[changed])


def _day_by_day(times: Timestamps, levels: Floats, run: "np.typing.NDArray[np.int64]") -> StatedTotals:
    """The falls between levels [level] of one run, each from the first change of a day to the first of the next, or to
    the last."""
    days = times.astype("datetime64[D]").astype(np.int64)
    begins = np.append(True, (np.diff(run) != 0) | (np.diff(days) != 0))[: len(times)]
    last_of_run = np.append(np.diff(run) != 0, True)[: len(times)]
    edges = np.flatnonzero(begins | last_of_run)
    if len(edges) < 2:
        return StatedTotals()
    starts, ends = edges[:-1], edges[1:]
    whole = (run[starts] == run[ends]) & (times[ends] - times[starts] >= _SHORTEST_SPAN)
    starts, ends = starts[whole], ends[whole]
    return StatedTotals.of(times[starts], times[ends], levels[starts] - levels[ends], TotalOf.reservoir)


def by_insulin_on_board(rows: SiteRows, bolus: BolusEvents) -> StatedTotals:
    """Boluses of each day (UTC), as insulin on board rose, beside those imported for the same minutes.

    Looked at are the times in which it rises or a bolus was imported, where both together are one of _LARGE or more.
    What would have been used up meanwhile is taken to be what was used up before.
    """
    said = rows.of_kind(SiteKind.on_board)
    said = said.chosen(np.abs(said.value) <= _LARGEST_IOB)
    last_of_second = np.append(np.diff(said.times) != np.timedelta64(0, "s"), True)[: len(said)]
    times, on_board = said.times[last_of_second], said.value[last_of_second]
    if len(times) < 3:
        return StatedTotals()
    given = np.zeros(len(times) + 1)
    np.add.at(given, np.searchsorted(times, bolus.times), bolus.dose)
    given = given[1 : len(times)]
    starts, ends = _risings(times, np.diff(on_board), given)
    dose = np.append(0.0, np.cumsum(given))
    imported = dose[ends] - dose[starts]
    before = (on_board[starts] - on_board[starts - 1]) / (times[starts] - times[starts - 1]).astype(np.float64)
    rose = (
        on_board[ends] - on_board[starts] - np.minimum(before, 0.0) * (times[ends] - times[starts]).astype(np.float64)
    )
    counts = (np.maximum(rose, imported) >= _LARGE) & (times[ends] - times[starts] <= _LONGEST_RISE)
    days, day = np.unique(times[starts][counts].astype("datetime64[D]"), return_inverse=True)
    stated = np.bincount(day, np.maximum(rose, 0.0)[counts], len(days)).astype(np.float64)
    counted = np.bincount(day, imported[counts], len(days)).astype(np.float64)
    begins: Timestamps = days.astype("datetime64[s]")
    return StatedTotals.of(begins, begins + _DAY, stated, TotalOf.on_board, counted)


def _risings(
    times: Timestamps, rises: Floats, given: Floats
) -> "tuple[np.typing.NDArray[np.intp], np.typing.NDArray[np.intp]]":
    """The statuses between which insulin on board rises or a bolus was imported, a status more on both sides, since an
    app may tell of a bolus a little before or after it: first and last of each such time.

    rises, given: U [between two statuses].
    """
    near: Mask = np.diff(times) <= _BETWEEN_STATUSES
    marked = (rises >= _RISE) | (given >= _DOSE)
    wide = marked.copy()
    wide[1:] |= marked[:-1]
    wide[:-1] |= marked[1:]
    edges = np.diff(np.concatenate([[0], wide.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    broken = np.append(0, np.cumsum(~near))
    # The status before the first is needed too, to tell what was used up.
    whole = (starts >= 1) & (broken[ends] == broken[np.maximum(starts - 1, 0)])
    return starts[whole], ends[whole]
