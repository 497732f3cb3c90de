"""Basal told as spans, each a rate from a start to an end, as changes of the rate."""

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from bloodtwin_core.events.kinds import BasalEvents

_SECONDS_PER_HOUR = 3600
_FOR_EVER = 2**62
_REPEATED_SECONDS = 24 * _SECONDS_PER_HOUR
"""A rate that its source states for days is told once a day, so that it does not count as the pump's silence."""


@dataclass(frozen=True)
class BasalSpan:
    """One rate, U/h, from start to end, both in seconds since 1970 UTC.

    end: None until the next span that is temporary as this one is. temporary: holds instead of spans that are not.
    """

    start: int
    end: int | None
    rate: float
    temporary: bool = False


@dataclass(frozen=True)
class SpannedBasal:
    """basal: the changes of the rate, unknown where no span is. covered_units: U of spans while another one held."""

    basal: BasalEvents
    covered_units: float


def basal_of_spans(spans: Iterable[BasalSpan]) -> SpannedBasal:
    """Of spans that overlap the one that began last holds until its end, then the other again; repeats count once."""
    ended = _ended(list(dict.fromkeys(spans)))
    times: list[int] = []
    rates: list[float] = []
    kept = 0.0
    for start, stop, holding in _pieces(ended):
        told = range(start, stop, _REPEATED_SECONDS) if holding and holding.end != _FOR_EVER else [start]
        times.extend(told)
        rates.extend([holding.rate if holding else np.nan] * len(told))
        if holding and holding.end != _FOR_EVER:
            kept += holding.rate * (stop - start) / _SECONDS_PER_HOUR
    units = sum(span.rate * (span.end - span.start) for span in ended if span.end and span.end != _FOR_EVER)
    basal = BasalEvents.of(np.array(times, dtype="datetime64[s]"), rates)
    return SpannedBasal(basal, max(round(units / _SECONDS_PER_HOUR - kept, 6), 0.0))


def _ended(spans: Sequence[BasalSpan]) -> list[BasalSpan]:
    """The spans by their start, each with an end; without those that are over as they begin."""
    ordered = sorted(spans, key=lambda span: span.start)
    starts = {kind: [span.start for span in ordered if span.temporary == kind] for kind in (False, True)}

    def ended(span: BasalSpan) -> BasalSpan:
        if span.end is not None:
            return span
        same = starts[span.temporary]
        later = bisect_right(same, span.start)
        return replace(span, end=same[later] if later < len(same) else _FOR_EVER)

    return [span for span in map(ended, ordered) if span.end is not None and span.end > span.start]


def _pieces(spans: Sequence[BasalSpan]) -> Iterator[tuple[int, int, BasalSpan | None]]:
    """Start, stop and the span that holds between, over all the time from the first start on."""
    moments = sorted({span.start for span in spans} | {span.end for span in spans if span.end})
    begun: list[tuple[bool, int, int]] = []
    following = 0
    for moment, stop in pairwise([*moments, _FOR_EVER]):
        if moment == _FOR_EVER:
            return
        while following < len(spans) and spans[following].start <= moment:
            heapq.heappush(begun, (not spans[following].temporary, -spans[following].start, -following))
            following += 1
        while begun and (spans[-begun[0][2]].end or 0) <= moment:
            heapq.heappop(begun)
        yield moment, stop, spans[-begun[0][2]] if begun else None
