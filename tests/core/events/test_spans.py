"""Spans of basal become changes of the rate: nothing is made up in gaps, and what overlaps is counted."""

import numpy as np
import pytest

from bloodtwin_core.events.spans import BasalSpan, basal_of_spans

HOUR = 3600


def told(*spans: BasalSpan) -> tuple[list[tuple[float, float]], float]:
    """Hours and rates, and the units that were covered."""
    found = basal_of_spans(spans)
    hours = found.basal.times.astype(np.int64) / HOUR
    return list(zip(hours.tolist(), found.basal.rate.tolist(), strict=True)), found.covered_units


def span(start: float, end: float | None, rate: float, temporary: bool = False) -> BasalSpan:
    return BasalSpan(int(start * HOUR), None if end is None else int(end * HOUR), rate, temporary)


def test_the_rate_is_unknown_between_two_spans_and_after_the_last() -> None:
    changes, covered = told(span(0, 1, 0.5), span(2, 3, 0.7))
    assert changes == [
        (0, 0.5),
        (1, pytest.approx(np.nan, nan_ok=True)),
        (2, 0.7),
        (3, pytest.approx(np.nan, nan_ok=True)),
    ]
    assert covered == 0


def test_of_two_spans_the_one_that_began_later_holds_and_then_the_other_again() -> None:
    changes, covered = told(span(0, 10, 1.0), span(2, 3, 0.0))
    assert changes[:3] == [(0, 1.0), (2, 0.0), (3, 1.0)]
    assert covered == 1.0


def test_a_span_without_an_end_holds_until_the_next_of_its_kind() -> None:
    changes, _ = told(span(0, None, 1.0), span(6, None, 2.0), span(1, 2, 0.0, True), span(5, 7, 0.3, True))
    assert changes == [(0, 1.0), (1, 0.0), (2, 1.0), (5, 0.3), (6, 0.3), (7, 2.0)]


def test_a_span_that_stands_again_counts_once() -> None:
    assert told(span(0, 1, 0.5), span(0, 1, 0.5))[1] == 0


def test_a_rate_that_is_told_for_days_is_no_silence() -> None:
    changes, _ = told(span(0, 60, 1.0))
    assert [hour for hour, _ in changes] == [0, 24, 48, 60]
