"""What the service's own interface takes and gives, as JSON."""

from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bloodtwin_core.events.possible import POSSIBLE_BASAL, POSSIBLE_BOLUS, POSSIBLE_GLUCOSE, POSSIBLE_MINUTES
from bloodtwin_core.records.features import CARBOHYDRATE_LIMITS
from bloodtwin_core.records.glucose_units import MG_PER_DL_PER_MMOL_PER_L, GlucoseUnit
from bloodtwin_core.service.store import EventKind, StoredEvent
from bloodtwin_core.serving.outlook import Outlook
from bloodtwin_core.serving.reasons import Doubt, Reason

_Name = Annotated[str, Field(max_length=100)]
OWN = "json"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class ReadingIn(_Body):
    """A sensor's reading. It replaces one of the same id, or without ids one of the same time and sensor."""

    time: AwareDatetime
    glucose: float
    sensor: _Name = ""
    id: _Name = ""


class BasalIn(_Body):
    """The basal rate (U/h) from then on, 0 while suspended, null where it is unknown from then on."""

    time: AwareDatetime
    rate: Annotated[float, Field(ge=POSSIBLE_BASAL.low, le=POSSIBLE_BASAL.high)] | None
    id: _Name = ""


class BolusIn(_Body):
    """A bolus (U), delivered evenly over so many minutes, at once by default."""

    time: AwareDatetime
    dose: float = Field(ge=POSSIBLE_BOLUS.low, le=POSSIBLE_BOLUS.high)
    minutes: float = Field(default=0.0, ge=POSSIBLE_MINUTES.low, le=POSSIBLE_MINUTES.high)
    id: _Name = ""


class CarbohydratesIn(_Body):
    """Carbohydrates (g) announced."""

    time: AwareDatetime
    grams: float = Field(ge=CARBOHYDRATE_LIMITS.low, le=CARBOHYDRATE_LIMITS.high)
    id: _Name = ""


class EventsIn(_Body):
    """What happened, in any order, late and repeated as it comes. unit is that of glucose."""

    unit: GlucoseUnit = GlucoseUnit.mg_dl
    readings: list[ReadingIn] = Field(default=[], max_length=5_000)
    basal: list[BasalIn] = Field(default=[], max_length=5_000)
    boluses: list[BolusIn] = Field(default=[], max_length=5_000)
    carbohydrates: list[CarbohydratesIn] = Field(default=[], max_length=5_000)

    def stored(self) -> list[StoredEvent]:
        """As the store keeps them. Raises ValueError for glucose that cannot be one in its unit."""
        factor = MG_PER_DL_PER_MMOL_PER_L if self.unit == GlucoseUnit.mmol_l else 1.0
        return [
            *(
                _event(EventKind.glucose, reading, _possible(reading.glucose * factor), sensor=reading.sensor)
                for reading in self.readings
            ),
            *(_event(EventKind.basal, basal, basal.rate) for basal in self.basal),
            *(_event(EventKind.bolus, bolus, bolus.dose, bolus.minutes) for bolus in self.boluses),
            *(_event(EventKind.carbohydrates, meal, meal.grams) for meal in self.carbohydrates),
        ]


def _possible(glucose: float) -> float:
    if not POSSIBLE_GLUCOSE.low <= glucose <= POSSIBLE_GLUCOSE.high:
        raise ValueError(f"a glucose of {glucose:g} mg/dL is impossible. Is unit right?")
    return glucose


def _event(
    kind: EventKind,
    told: ReadingIn | BasalIn | BolusIn | CarbohydratesIn,
    value: float | None,
    minutes: float = 0.0,
    sensor: str = "",
) -> StoredEvent:
    second = int(told.time.timestamp())
    name = f"{OWN}:{told.id}" if told.id else f"{OWN}@{second}/{sensor}"
    return StoredEvent(kind, name, second, value, minutes, sensor, OWN)


class ReasonOut(BaseModel):
    """A reason: the word for programs, the sentence for people."""

    reason: Reason
    sentence: str

    @classmethod
    def of(cls, doubt: Doubt) -> "ReasonOut":
        """As it is told."""
        return cls(reason=doubt.reason, sentence=doubt.sentence)


class ReadingOut(BaseModel):
    """The newest reading (mg/dL)."""

    time: datetime
    glucose: float


class ForecastOut(BaseModel):
    """Glucose to come (mg/dL). quantiles: by level, each as long as times."""

    origin: datetime
    times: list[datetime]
    glucose: list[float]
    quantiles: dict[str, list[float]]


class OutlookOut(BaseModel):
    """What can be said now: a forecast and its doubts, or no forecast (null) and why not."""

    wearer: str
    zone: str
    now: datetime
    reading: ReadingOut | None
    forecast: ForecastOut | None
    refusals: list[ReasonOut]
    doubts: list[ReasonOut]

    @classmethod
    def of(cls, outlook: Outlook, zone: str) -> "OutlookOut":
        """As it is told."""
        reading = outlook.reading
        return cls(
            wearer=outlook.wearer,
            zone=zone,
            now=moment_of(outlook.moment),
            reading=reading and ReadingOut(time=moment_of(reading.time), glucose=reading.glucose),
            forecast=_forecast(outlook),
            refusals=[ReasonOut.of(doubt) for doubt in outlook.refusals],
            doubts=[ReasonOut.of(doubt) for doubt in outlook.doubts],
        )


def _forecast(outlook: Outlook) -> ForecastOut | None:
    made = outlook.forecast
    if made is None:
        return None
    quantiles: dict[str, list[float]] = {}
    if made.quantiles is not None:
        quantiles = {f"{level:g}": rounded(made.quantiles[:, place]) for place, level in enumerate(made.levels)}
    return ForecastOut(
        origin=moment_of(made.origin),
        times=[moment_of(time) for time in made.times],
        glucose=rounded(made.glucose),
        quantiles=quantiles,
    )


def rounded(values: Any) -> list[float]:
    """mg/dL to 0.001, as JSON holds them."""
    return [round(float(value), 3) for value in values]


def moment_of(time: np.datetime64) -> datetime:
    """A moment (UTC) for JSON."""
    moment: datetime = time.astype("datetime64[s]").item()
    return moment.replace(tzinfo=UTC)


class KeptOut(BaseModel):
    """All events are on disk; changed: how many of them were new or another than before."""

    events: int
    changed: int
