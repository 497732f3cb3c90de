"""A virtual wearer's history, as records: the way into the simulator."""

from dataclasses import dataclass

import numpy as np

from bloodtwin_core.records import (
    CARBOHYDRATES,
    RECORD_INTERVAL,
    RECORD_MINUTES,
    RECORDS_PER_DAY,
    PumpRecords,
    records_from_signals,
)
from bloodtwin_core.simulation.chance import Topic, stream
from bloodtwin_core.simulation.closed_loop import Conditions, FloatSignal, live
from bloodtwin_core.simulation.gut import empty_gut
from bloodtwin_core.simulation.lives import Life
from bloodtwin_core.simulation.meals import Meals, draw_meals
from bloodtwin_core.simulation.physiology import steady_state
from bloodtwin_core.simulation.population import Wearer, draw_wearer
from bloodtwin_core.simulation.sensitivity import sensitivity
from bloodtwin_core.simulation.sensor import sensor_errors
from bloodtwin_core.simulation.therapy import FASTING_GLUCOSE

FIRST_RECORD = np.datetime64("2024-01-01T00:00:00", "s")
"""UTC. Every history begins here, so that the same seed gives the same bytes whenever it is made."""
RUN_IN_DAYS = 1
"""Simulated before the first record and left out, so that no history begins in a steady state."""


def pump_id(wearer: int) -> str:
    """The pump of a wearer (counted from 0): sim001, sim002, ..."""
    return f"sim{wearer + 1:03d}"


@dataclass(frozen=True)
class LivedHistory:
    """A virtual wearer's records, carbohydrates among their features, and the life behind them.

    run_in: records of the life before the first of the history.
    """

    records: PumpRecords
    life: Life
    wearer: Wearer
    run_in: int = RUN_IN_DAYS * RECORDS_PER_DAY


def simulate_wearer(seed: int, wearer: int, days: int) -> PumpRecords:
    """The history of one virtual wearer (counted from 0) over so many days, carbohydrates among its features.

    The same three numbers give the same bytes; a longer history of the same wearer begins with the shorter one.
    """
    return live_history(seed, wearer, days).records


def live_history(seed: int, wearer: int, days: int) -> LivedHistory:
    """The same history with the life behind it, for what no record tells."""
    lot = drawn_lot(seed, wearer, days)
    who, eaten, conditions = lot.wearer, lot.meals, lot.conditions
    state, _ = steady_state(who.physiology, FASTING_GLUCOSE)
    lived = live(
        who.physiology, who.therapy, who.reactions, eaten, conditions, who.utc_offset_hours, state, empty_gut()
    )
    kept = slice(RUN_IN_DAYS * RECORDS_PER_DAY, None)
    timestamps = FIRST_RECORD + np.arange(days * RECORDS_PER_DAY) * RECORD_INTERVAL
    announced = _announced(eaten, len(lived.readings))
    records = records_from_signals(
        pump_id(wearer),
        timestamps,
        lived.readings[kept],
        lived.basal_rate[kept],
        lived.bolus[kept],
        {CARBOHYDRATES: announced[kept]},
    )
    given = (lived.basal_rate, lived.bolus, lived.rescue, conditions.sensitivity)
    return LivedHistory(records, Life(who.physiology, eaten, *given), who)


@dataclass(frozen=True)
class Lot:
    """What a virtual wearer is and will meet, before anything is lived: run-in and days, whoever steers the pump."""

    wearer: Wearer
    meals: Meals
    conditions: Conditions

    @property
    def records(self) -> int:
        """How many, the run-in among them."""
        return len(self.conditions.gain)


def drawn_lot(seed: int, wearer: int, days: int) -> Lot:
    """The lot of one virtual wearer (counted from 0) over the run-in and so many days."""
    who = draw_wearer(seed, wearer)
    lived = days + RUN_IN_DAYS
    errors = sensor_errors(seed, wearer, lived * RECORDS_PER_DAY)
    chances = _chances(seed, wearer, lived)
    conditions = Conditions(
        sensitivity(seed, wearer, lived, who.rhythm, who.utc_offset_hours),
        errors.gain,
        errors.addition,
        errors.reads,
        chances[0],
        chances[1],
        np.ones(lived * RECORDS_PER_DAY, np.float32),
        np.zeros(lived * RECORDS_PER_DAY, np.bool_),
    )
    return Lot(who, draw_meals(seed, wearer, lived + 1, who.habits, who.utc_offset_hours), conditions)


def _announced(meals: Meals, records: int) -> FloatSignal:
    """g that the wearer counted and told the pump in the five minutes of each record, [record].

    Meals without a bolus and what is eaten against a low are announced to nobody.
    """
    grams = np.zeros(records, dtype=np.float64)
    place = meals.bolus_minute // RECORD_MINUTES
    lived = place < records
    np.add.at(grams, place[lived], meals.bolus_carbohydrate[lived])
    return grams.astype(np.float32)


def _chances(seed: int, wearer: int, days: int) -> FloatSignal:
    """Uniform numbers for the wearer's reactions, [2, record]."""
    drawn = np.empty((2, days, RECORDS_PER_DAY), dtype=np.float32)
    for day in range(days):
        chance = stream(seed, wearer, Topic.reactions, day)
        for one in drawn:
            chance.random(dtype=np.float32, out=one[day])
    return drawn.reshape(2, -1)
