"""What goes wrong in a life: changes to a virtual wearer's lot, the same for whoever steers the pump.

All are chosen here: how often, how long, how much. When is drawn for each wearer and day from a stream of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records import RECORDS_PER_DAY, RECORDS_PER_HOUR
from bloodtwin_core.simulation.chance import Topic, stream
from bloodtwin_core.simulation.history import Lot

Rows = npt.NDArray[np.bool_]
MISSED_SHARE, LATE_SHARE, LATE_MINUTES = 0.25, 0.5, 40
"""Of all meal boluses left out, and given so much later (of the others)."""
SPORT_HOURS, SPORT_SENSITIVITY = 6, 2.0
SENSOR_HIGH, SENSOR_HIGH_HOURS = 60.0, 8
"""mg/dL."""
STUCK_HOURS, SILENT_HOURS, SET_HOURS = 3, 6, 6
SET_DELIVERS = 0.3
CLOCK_HOURS = 6


@dataclass(frozen=True)
class Scenario:
    """A kind of life: what changes in a lot (seed, wearer), and how far the pump's clock is ahead."""

    about: str
    change: Callable[[Lot, int, int], Lot]
    clock_hours: int = 0


def as_it_is(lot: Lot, _seed: int, _wearer: int) -> Lot:
    """Nothing goes wrong that does not in every life."""
    return lot


def boluses_missed_and_late(lot: Lot, seed: int, wearer: int) -> Lot:
    """A quarter of the meal boluses is left out, half of the others are 40 minutes later."""
    meals = lot.meals
    chance = stream(seed, wearer, Topic.faults).random((2, len(meals.bolus_minute)))
    kept = chance[0] >= MISSED_SHARE
    minute = (meals.bolus_minute + LATE_MINUTES * (chance[1] < LATE_SHARE))[kept]
    order = np.argsort(minute, kind="stable")
    changed = meals._replace(bolus_minute=minute[order], bolus_carbohydrate=meals.bolus_carbohydrate[kept][order])
    return replace(lot, meals=changed)


def sport(lot: Lot, seed: int, wearer: int) -> Lot:
    """Twice the sensitivity for six hours of every day."""
    rows = _hours_of_each_day(lot, seed, wearer, SPORT_HOURS)
    sensitivity = lot.conditions.sensitivity
    changed = np.where(rows, np.float32(SPORT_SENSITIVITY) * sensitivity, sensitivity)
    return replace(lot, conditions=lot.conditions._replace(sensitivity=changed))


def sensor_high(lot: Lot, seed: int, wearer: int) -> Lot:
    """A sensor that shows 60 mg/dL too much for eight hours of every day."""
    rows = _hours_of_each_day(lot, seed, wearer, SENSOR_HIGH_HOURS)
    changed = lot.conditions.addition + np.float32(SENSOR_HIGH) * rows.astype(np.float32)
    return replace(lot, conditions=lot.conditions._replace(addition=changed))


def sensor_stuck(lot: Lot, seed: int, wearer: int) -> Lot:
    """A sensor that shows the same reading for three hours of every day."""
    stuck = _hours_of_each_day(lot, seed, wearer, STUCK_HOURS)
    return replace(lot, conditions=lot.conditions._replace(stuck=stuck))


def sensor_silent(lot: Lot, seed: int, wearer: int) -> Lot:
    """A sensor that shows nothing for six hours of every day."""
    reads = lot.conditions.reads & ~_hours_of_each_day(lot, seed, wearer, SILENT_HOURS)
    return replace(lot, conditions=lot.conditions._replace(reads=reads))


def set_fails(lot: Lot, seed: int, wearer: int) -> Lot:
    """An infusion set that lets 30 % of the insulin through for six hours of every day; the pump does not know."""
    rows = _hours_of_each_day(lot, seed, wearer, SET_HOURS)
    delivered = np.where(rows, np.float32(SET_DELIVERS), lot.conditions.delivered)
    return replace(lot, conditions=lot.conditions._replace(delivered=delivered))


SCENARIOS: Mapping[str, Scenario] = {
    "everyday": Scenario("meals, miscounted and missed as ever", as_it_is),
    "boluses": Scenario(
        "a quarter of the meal boluses missed, half of the others 40 minutes late", boluses_missed_and_late
    ),
    "sport": Scenario("twice the sensitivity to insulin for six hours a day", sport),
    "sensor-high": Scenario("the sensor 60 mg/dL too high for eight hours a day", sensor_high),
    "sensor-stuck": Scenario("the sensor stuck for three hours a day", sensor_stuck),
    "sensor-silent": Scenario("the sensor silent for six hours a day", sensor_silent),
    "infusion-set": Scenario("30 % of the insulin delivered for six hours a day", set_fails),
    "clock": Scenario("the pump's clock six hours ahead", as_it_is, CLOCK_HOURS),
}


def scenario(name: str) -> Scenario:
    """The scenario of this name. Raises SettingsError, naming those there are."""
    if name not in SCENARIOS:
        raise SettingsError(f"'{name}' is no scenario. There are {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


def _hours_of_each_day(lot: Lot, seed: int, wearer: int, hours: int) -> Rows:
    """So many hours in a row, beginning at a drawn time of each day, [record]."""
    rows = np.zeros(lot.records, np.bool_)
    for day in range(lot.records // RECORDS_PER_DAY):
        latest = RECORDS_PER_DAY - hours * RECORDS_PER_HOUR
        begin = day * RECORDS_PER_DAY + int(stream(seed, wearer, Topic.faults, day + 1).integers(latest + 1))
        rows[begin : begin + hours * RECORDS_PER_HOUR] = True
    return rows
