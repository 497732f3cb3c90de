"""What can be said of a wearer's coming hour at a moment: a forecast, with what is doubted, or why there is none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import GLUCOSE_LIMITS, PumpRecords
from bloodtwin_core.records.past import NOTHING_SEEN, WearerPast
from bloodtwin_core.serving.doubts import doubts_in, refusals_in
from bloodtwin_core.serving.forecast import Forecast
from bloodtwin_core.serving.reasons import Doubt, Reason, doubt_of
from bloodtwin_core.serving.windowed import Forecaster

MOST_IN_BATCH = 32
"""Wearers in one run of the network: the base model then takes 25 MB more memory than for one."""


@dataclass(frozen=True)
class Reading:
    """A reading of a sensor: time UTC datetime64[s], glucose mg/dL."""

    time: np.datetime64
    glucose: float


@dataclass(frozen=True)
class Present:
    """A wearer at a moment (UTC): the records up to it, the newest reading, and what is known to be wrong.

    records None: there are none. doubts: of what records do not tell, such as a clock that is off. past: what was seen
    of the wearer up to some record before the lookback, for a model that reads it.
    """

    wearer: str
    moment: np.datetime64
    records: PumpRecords | None = None
    reading: Reading | None = None
    refusals: tuple[Doubt, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    past: WearerPast = NOTHING_SEEN

    @property
    def reading_age(self) -> float:
        """Minutes from the newest reading to the moment, infinite without any."""
        if self.reading is None:
            return float("inf")
        return float((self.moment - self.reading.time) / np.timedelta64(60, "s"))


@dataclass(frozen=True)
class Outlook:
    """forecast None: there is none, and refusals say why. Else doubts say why it is less certain than usual."""

    wearer: str
    moment: np.datetime64
    reading: Reading | None
    forecast: Forecast | None
    refusals: tuple[Doubt, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def outlooks(forecaster: Forecaster, many: Sequence[Present]) -> list[Outlook]:
    """The outlook of each wearer, in order, MOST_IN_BATCH to a run of the network."""
    refused = [_refusals(forecaster, present) for present in many]
    usable = [present for present, why in zip(many, refused, strict=True) if not why]
    answers = _answers(forecaster, usable)
    return [
        _refused(present, why) if why else _answered(present, next(answers))
        for present, why in zip(many, refused, strict=True)
    ]


def _answers(forecaster: Forecaster, usable: Sequence[Present]) -> Iterator[Forecast | DataError]:
    for first in range(0, len(usable), MOST_IN_BATCH):
        batch = [present for present in usable[first : first + MOST_IN_BATCH] if present.records is not None]
        records = [present.records for present in batch if present.records is not None]
        yield from forecaster.forecast_many(records, [present.past for present in batch])


def _refusals(forecaster: Forecaster, present: Present) -> tuple[Doubt, ...]:
    """What rules a forecast out before the network is asked."""
    if present.refusals:
        return present.refusals
    if present.records is None or present.reading is None:
        return (Doubt(Reason.no_reading, "There is no glucose reading of the last days. Send readings"),)
    oldest = forecaster.facts.max_reading_age_minutes
    if present.reading_age > oldest:
        what = (
            f"The last reading is {in_words(present.reading_age)} old; a forecast needs one of the last {oldest:g} min"
        )
        return (Doubt(Reason.reading_old, what),)
    return tuple(refusals_in(present.records))


def _refused(present: Present, why: tuple[Doubt, ...]) -> Outlook:
    return Outlook(present.wearer, present.moment, present.reading, None, refusals=why)


def _answered(present: Present, answer: Forecast | DataError) -> Outlook:
    if isinstance(answer, DataError):
        return _refused(present, (doubt_of(answer),))
    seen = () if present.records is None else tuple(doubts_in(present.records))
    doubts = (*present.doubts, *seen)
    wider = widened(answer, max((doubt.widening for doubt in doubts), default=1.0))
    return Outlook(present.wearer, present.moment, present.reading, wider, doubts=doubts)


def widened(forecast: Forecast, factor: float) -> Forecast:
    """The forecast with its quantiles so many times as far from the median, within GLUCOSE_LIMITS."""
    if forecast.quantiles is None or factor == 1.0:
        return forecast
    median = forecast.quantiles[:, [len(forecast.levels) // 2]]
    wider = median + np.float32(factor) * (forecast.quantiles - median)
    return replace(forecast, quantiles=np.clip(wider, GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high))


def in_words(minutes: float) -> str:
    """A time span for people, of minutes."""
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 2880 else f"{minutes / 1440:.0f} days"
