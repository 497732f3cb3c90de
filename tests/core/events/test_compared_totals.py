"""What a source states beside what was imported: units, days, weeks, and what a week may differ by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.events.compared_totals import (
    HEADER_KEY,
    ComparedTotal,
    ComparedTotals,
    compared_totals,
    read_compared_totals,
)
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, PumpEvents
from bloodtwin_core.events.stated_totals import StatedTotals, TotalOf
from bloodtwin_core.events.wearers import joined
from bloodtwin_core.records.split_header import SplitHeader

MONDAY = np.datetime64("2024-03-04T00:00:00", "s")
DAY = np.timedelta64(1, "D")


def stated(units: list[float], kind: TotalOf = TotalOf.all_insulin, first: np.datetime64 = MONDAY) -> StatedTotals:
    starts = first + np.arange(len(units)) * DAY
    return StatedTotals.of(
        starts.astype("datetime64[s]"), (starts + DAY).astype("datetime64[s]"), np.array(units), kind
    )


def pump(
    totals: StatedTotals, boluses: list[tuple[int, float, float]], rate: float = 1.0, pump_id: str = "1"
) -> PumpEvents:
    """A pump with a constant rate from a day before, and boluses (hours after Monday 0:00, U, minutes)."""
    times = [MONDAY + np.timedelta64(hours * 3600, "s") for hours, _, _ in boluses]
    return PumpEvents(
        pump_id,
        basal=BasalEvents.of([MONDAY - DAY], [rate]),
        bolus=BolusEvents.of(times, [dose for _, dose, _ in boluses], [minutes for _, _, minutes in boluses]),
        stated=totals,
    )


def test_all_insulin_is_basal_and_what_was_delivered_of_boluses_in_the_time() -> None:
    events = pump(stated([29.0, 25.0]), [(12, 4.0, 0.0), (23, 2.0, 120.0)])
    first, second = compared_totals(events).totals
    assert (first.stated, first.imported, first.unknown_hours) == (29.0, pytest.approx(24 + 4 + 1), 0.0)
    assert second.imported == pytest.approx(24 + 1)


def test_boluses_count_where_they_begin_and_basal_alone() -> None:
    events = pump(
        stated([6.0], TotalOf.bolus).joined([stated([24.0], TotalOf.basal)]), [(12, 4.0, 0.0), (23, 2.0, 120.0)]
    )
    by_kind = {total.kind: total.imported for total in compared_totals(events).totals}
    assert by_kind == {TotalOf.bolus: pytest.approx(6.0), TotalOf.basal: pytest.approx(24.0)}


def test_a_day_of_which_the_rate_is_not_known_is_shown_and_not_judged() -> None:
    events = PumpEvents(
        "1",
        basal=BasalEvents.of([MONDAY, MONDAY + np.timedelta64(12, "h")], [1.0, np.nan]),
        stated=stated([40.0, 40.0]),
    )
    found = compared_totals(events)
    assert [(total.imported, total.unknown_hours) for total in found.totals] == [(12.0, 12.0), (0.0, 24.0)]
    assert found.weeks() == ()


def test_a_week_that_lost_42_per_cent_of_its_boluses_differs() -> None:
    events = pump(stated([22.0] * 7, TotalOf.bolus), [(24 * day + 8, 12.8, 0.0) for day in range(7)])
    (week,) = compared_totals(events).weeks()
    assert (week.days, week.stated, week.imported) == (7, pytest.approx(154.0), pytest.approx(89.6))
    assert week.differs
    assert week.share == pytest.approx(-0.418, abs=0.001)


@pytest.mark.parametrize(
    ("units", "differs"),
    [(24.0, False), (24.1, False), (24.16, True), (23.8, True), (23.9, False), (25.3, True)],
)
def test_a_week_differs_by_more_than_one_unit_or_five_per_cent(units: float, differs: bool) -> None:
    (week,) = compared_totals(pump(stated([units] * 7), [])).weeks()
    assert week.differs is differs


def test_five_per_cent_of_little_insulin_differs_before_a_unit_does() -> None:
    (week,) = compared_totals(
        pump(stated([1.0] * 7, TotalOf.bolus), [(24 * day, 0.9, 0.0) for day in range(7)])
    ).weeks()
    assert week.difference == pytest.approx(-0.7)
    assert week.differs


def test_weeks_are_counted_from_the_first_total_through_a_change_of_clocks() -> None:
    starts = (MONDAY + np.arange(15) * DAY).astype("datetime64[s]")
    starts[10:] -= np.timedelta64(3600, "s")
    totals = StatedTotals.of(starts[:-1], starts[1:], np.diff(starts).astype(np.int64) / 3600.0, TotalOf.all_insulin)
    found = compared_totals(pump(totals, []))
    assert [week.days for week in found.weeks()] == [7, 7]
    assert not any(week.differs for week in found.weeks())


def test_of_two_totals_of_one_day_the_larger_counts() -> None:
    assert stated([10.0]).joined([stated([24.0]), stated([3.0])]).units.tolist() == [24.0]


def test_totals_of_a_pump_that_another_replaced_meanwhile_are_not_compared() -> None:
    older = pump(stated([24.0] * 6), [(24 * 5, 1.0, 0.0)], pump_id="old")
    newer = PumpEvents("new", basal=BasalEvents.of([MONDAY + 3 * DAY, MONDAY + 6 * DAY], [1.0, 1.0]))
    assert len(joined("anna", [older, newer]).stated) == 2


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4000), st.sampled_from(list(TotalOf)), st.floats(0, 500), st.floats(0, 500), st.floats(0, 25)
        ),
        max_size=5,
    )
)
def test_the_header_tells_what_was_compared(rows: list[tuple[int, TotalOf, float, float, float]]) -> None:
    totals = ComparedTotals(
        tuple(
            ComparedTotal(MONDAY + day * DAY, 24.0, kind, round(said, 3), round(found, 3), round(unknown, 2))
            for day, kind, said, found, unknown in rows
        )
    )
    header = SplitHeader.from_comments(
        [line.removeprefix("# ") for line in SplitHeader(extra={HEADER_KEY: totals.text()}).lines()]
    )
    assert read_compared_totals(header) == totals


@pytest.mark.parametrize(
    "text", ["", "x", "2024 24 all_insulin 1 1", "2024-01-01 24 socks 1 1 0", "never 24 bolus 1 1 0"]
)
def test_what_a_header_says_that_is_not_understood_is_passed_over(text: str) -> None:
    assert len(ComparedTotals.from_text(text)) == 0
