"""Outlooks, past forecasts and histories as they are given."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from bloodtwin_core.service.engine import Made
from bloodtwin_core.service.moments import moment_of
from bloodtwin_core.serving.forecast import Forecast
from bloodtwin_core.serving.reasons import Doubt, Reason


class ReasonOut(BaseModel):
    """A reason: the word for programs, the sentence for people."""

    reason: Reason
    sentence: str

    @classmethod
    def of(cls, doubt: Doubt) -> "ReasonOut":
        """As it is told."""
        return cls(reason=doubt.reason, sentence=doubt.sentence)


class ReadingOut(BaseModel):
    """A reading (mg/dL)."""

    time: datetime
    glucose: float


class ForecastOut(BaseModel):
    """Glucose to come (mg/dL), a step every five minutes from origin on. quantiles: by level, each as long as times."""

    origin: datetime
    times: list[datetime]
    glucose: list[float]
    quantiles: dict[str, list[float]]


class OutlookOut(BaseModel):
    """What can be said now: a forecast with its doubts, or null, and in refusals why not.

    zone: where the wearer lives, empty if unknown. model: sha256 of the model's file.
    """

    wearer: str
    zone: str
    now: datetime
    reading: ReadingOut | None
    forecast: ForecastOut | None
    refusals: list[ReasonOut]
    doubts: list[ReasonOut]
    model: str

    @classmethod
    def of(cls, made: Made, zone: str) -> "OutlookOut":
        """As it is told."""
        outlook = made.outlook
        reading = outlook.reading
        return cls(
            wearer=outlook.wearer,
            zone=zone,
            now=moment_of(outlook.moment),
            reading=reading and ReadingOut(time=moment_of(reading.time), glucose=round(reading.glucose, 3)),
            forecast=outlook.forecast and _forecast(outlook.forecast),
            refusals=[ReasonOut.of(doubt) for doubt in outlook.refusals],
            doubts=[ReasonOut.of(doubt) for doubt in outlook.doubts],
            model=made.model,
        )


def _forecast(made: Forecast) -> ForecastOut:
    quantiles: dict[str, list[float]] = {}
    if made.quantiles is not None:
        quantiles = {f"{level:g}": rounded(made.quantiles[:, place]) for place, level in enumerate(made.levels)}
    times = [moment_of(time) for time in made.times]
    return ForecastOut(origin=moment_of(made.origin), times=times, glucose=rounded(made.glucose), quantiles=quantiles)


def rounded(values: Any) -> list[float]:
    """mg/dL to 0.001, as JSON holds them."""
    return [round(float(value), 3) for value in values]
