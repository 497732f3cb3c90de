"""What was told of a wearer, and how good the forecasts were, as they are given."""

from datetime import datetime

from pydantic import BaseModel

from bloodtwin_core.service.feeds.state import FeedState
from bloodtwin_core.service.moments import moment_at
from bloodtwin_core.service.past import Past, band_of
from bloodtwin_core.service.store import StoredForecast
from bloodtwin_core.service.web.bodies.outlooks import ReadingOut, rounded


class BasalOut(BaseModel):
    """The basal rate (U/h) from then on; null unknown."""

    time: datetime
    rate: float | None


class BolusOut(BaseModel):
    """A bolus (U), over so many minutes."""

    time: datetime
    dose: float
    minutes: float


class CarbohydratesOut(BaseModel):
    """Carbohydrates (g)."""

    time: datetime
    grams: float


class HistoryOut(BaseModel):
    """What was told of the last hours, in the order of time. basal begins with the rate in force at first."""

    wearer: str
    zone: str
    first: datetime
    now: datetime
    readings: list[ReadingOut]
    basal: list[BasalOut]
    boluses: list[BolusOut]
    carbohydrates: list[CarbohydratesOut]


class JudgedOut(BaseModel):
    """Forecasts so many minutes ahead, held against what came: see docs/live.md. Errors in mg/dL, inside 0 to 1."""

    minutes: int
    count: int
    mae: float | None
    persistence_mae: float | None
    inside: float | None


class PastForecastOut(BaseModel):
    """A forecast as it was made (mg/dL); low and high bound 80 % of readings, null where there was none."""

    origin: datetime
    made: datetime
    glucose: list[float] | None
    low: list[float] | None
    high: list[float] | None
    reasons: list[str]
    model: str

    @classmethod
    def of(cls, forecast: StoredForecast) -> "PastForecastOut":
        """As it is told."""
        band = band_of(forecast)
        return cls(
            origin=moment_at(forecast.origin),
            made=moment_at(forecast.made),
            glucose=None if forecast.glucose is None else rounded(forecast.glucose),
            low=None if band is None else rounded(band[0]),
            high=None if band is None else rounded(band[1]),
            reasons=list(forecast.reasons),
            model=forecast.model,
        )


class PastOut(BaseModel):
    """Past forecasts in the order of time, how good they were, and how often there was none, by reason."""

    first: datetime
    now: datetime
    judged: list[JudgedOut]
    refusals: dict[str, int]
    forecasts: list[PastForecastOut]

    @classmethod
    def of(cls, past: Past, first: int, now: int, *, with_forecasts: bool) -> "PastOut":
        """As it is told."""
        return cls(
            first=moment_at(first),
            now=moment_at(now),
            judged=[JudgedOut.model_validate(judged, from_attributes=True) for judged in past.judged],
            refusals=past.refusals,
            forecasts=[PastForecastOut.of(forecast) for forecast in past.forecasts] if with_forecasts else [],
        )


class FeedOut(BaseModel):
    """Where the service gets events itself, and what it last heard: null, never. trouble: why the last time failed."""

    source: str
    asked: datetime | None
    answered: datetime | None
    newest_event: datetime | None
    next: datetime | None
    trouble: str

    @classmethod
    def of(cls, state: FeedState) -> "FeedOut":
        """As it is told."""
        return cls(
            source=state.source,
            asked=_known(state.asked),
            answered=_known(state.answered),
            newest_event=_known(state.heard),
            next=_known(state.next),
            trouble=state.trouble,
        )


def _known(second: float) -> datetime | None:
    return moment_at(second) if second else None
