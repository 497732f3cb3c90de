"""Events as they are sent: readings, insulin, carbohydrates, sensors."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.events.possible import POSSIBLE_BASAL, POSSIBLE_BOLUS, POSSIBLE_GLUCOSE, POSSIBLE_MINUTES
from bloodtwin_core.events.units import MG_PER_DL_PER_MMOL_PER_L, GlucoseUnit
from bloodtwin_core.records.clock import zone_of
from bloodtwin_core.records.features import CARBOHYDRATE_LIMITS
from bloodtwin_core.service.ages import Ages
from bloodtwin_core.service.store import EventKind, StoredEvent
from bloodtwin_core.service.web.failures import Fault, Refusal

OWN = "json"
MOST_EVENTS = 5_000
_Name = Annotated[str, Field(max_length=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class ReadingIn(_Body):
    """A sensor's reading. It replaces one of the same id, or without ids one of the same time and sensor."""

    time: AwareDatetime
    glucose: float
    sensor: _Name = ""
    id: _Name = ""


class BasalIn(_Body):
    """The basal rate (U/h) from then on: 0 while suspended, null where it is unknown from then on."""

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


class SensorIn(_Body):
    """A new sensor was started."""

    time: AwareDatetime
    id: _Name = ""


class EventsIn(_Body):
    """What happened, in any order, late and repeated as it comes. unit is that of glucose."""

    unit: GlucoseUnit = GlucoseUnit.mg_dl
    readings: list[ReadingIn] = Field(default=[], max_length=MOST_EVENTS)
    basal: list[BasalIn] = Field(default=[], max_length=MOST_EVENTS)
    boluses: list[BolusIn] = Field(default=[], max_length=MOST_EVENTS)
    carbohydrates: list[CarbohydratesIn] = Field(default=[], max_length=MOST_EVENTS)
    sensors: list[SensorIn] = Field(default=[], max_length=MOST_EVENTS)

    def stored(self) -> list[tuple[str, StoredEvent]]:
        """As the store keeps them, each with where it stands in the body."""
        factor = MG_PER_DL_PER_MMOL_PER_L if self.unit == GlucoseUnit.mmol_l else 1.0
        return [
            *(
                (
                    f"readings.{place}",
                    _event(EventKind.glucose, reading, reading.glucose * factor, sensor=reading.sensor),
                )
                for place, reading in enumerate(self.readings)
            ),
            *((f"basal.{place}", _event(EventKind.basal, told, told.rate)) for place, told in enumerate(self.basal)),
            *(
                (f"boluses.{place}", _event(EventKind.bolus, told, told.dose, told.minutes))
                for place, told in enumerate(self.boluses)
            ),
            *(
                (f"carbohydrates.{place}", _event(EventKind.carbohydrates, told, told.grams))
                for place, told in enumerate(self.carbohydrates)
            ),
            *(
                (f"sensors.{place}", _event(EventKind.sensor_start, told, None))
                for place, told in enumerate(self.sensors)
            ),
        ]


class SourceIn(EventsIn):
    """All that a source tells from a time on. zone: where the wearer lives, taken if that is not known yet."""

    since: AwareDatetime
    zone: _Name = ""


class KeptOut(BaseModel):
    """All events are on disk. changed: how many of them were new, or another than before."""

    events: int
    changed: int


class SourceKeptOut(BaseModel):
    """So many events of the source are on disk."""

    events: int


def require_zone(zone: str) -> None:
    """Raise Refusal 422 for the name of no zone."""
    try:
        zone_of(zone)
    except SettingsError as error:
        raise Refusal(422, "invalid", str(error)) from None


def glucose_faults_of(placed: list[tuple[str, StoredEvent]]) -> Iterator[Fault]:
    """Which of the events are readings that nobody can have."""
    limits = f"{POSSIBLE_GLUCOSE.low:g} to {POSSIBLE_GLUCOSE.high:g} mg/dL"
    for where, event in placed:
        if event.kind is EventKind.glucose and not _is_glucose(event.value):
            yield Fault(where=where, sentence=f"A glucose is {limits}. Is unit right?")


def faults_of(placed: list[tuple[str, StoredEvent]], ages: Ages) -> Iterator[Fault]:
    """What of the events cannot be kept, and why."""
    for where, event in placed:
        if ages.is_old(event.second) or ages.is_ahead(event.second):
            yield Fault(where=where, sentence=ages.sentence(event.second))
        else:
            yield from glucose_faults_of([(where, event)])


def _is_glucose(value: float | None) -> bool:
    return value is not None and POSSIBLE_GLUCOSE.low <= value <= POSSIBLE_GLUCOSE.high


def _event(
    kind: EventKind,
    told: ReadingIn | BasalIn | BolusIn | CarbohydratesIn | SensorIn,
    value: float | None,
    minutes: float = 0.0,
    sensor: str = "",
) -> StoredEvent:
    second = int(told.time.timestamp() // 1)
    name = f"{OWN}:{told.id}" if told.id else f"{OWN}@{second}/{sensor}"
    return StoredEvent(kind, name, second, value, minutes, sensor, OWN)
