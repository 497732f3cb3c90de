"""A virtual wearer's life with the pump steered from outside, record by record.

Meals, chances, sensor and the wearer's own reactions are those of the lot (history.py), whoever steers; so two lives of
one lot differ by the steering alone. Steered by Control-IQ as controller.py has it, a life is the simulator's history.
"""

import numpy as np

from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.simulation.closed_loop import (
    LAST_BOLUS,
    LAST_READING,
    Lived,
    beginning,
    live_record,
    nothing_lived,
    react,
)
from bloodtwin_core.simulation.gut import empty_gut
from bloodtwin_core.simulation.history import Lot
from bloodtwin_core.simulation.physiology import steady_state
from bloodtwin_core.simulation.therapy import FASTING_GLUCOSE


class SteeredLife:
    """One life under way. `lived` is what it left so far: rows from `record` on are still empty."""

    def __init__(self, lot: Lot) -> None:
        self.lot, self.record = lot, 0
        self.lived: Lived = nothing_lived(lot.records)
        person = lot.wearer.physiology
        self._course = beginning(person, steady_state(person, FASTING_GLUCOSE)[0], empty_gut())
        self._by_hand = 0.0

    @property
    def over(self) -> bool:
        """Whether every record was lived."""
        return self.record >= self.lot.records

    @property
    def insulin_on_board(self) -> float:
        """U that the pump counts as active, relative to its basal profile; below 0 after a reduced rate."""
        return float(self._course.active.sum())

    @property
    def reading_age(self) -> float:
        """Minutes since the newest reading; huge before the first."""
        return float((self.record - 1 - self._course.places[LAST_READING]) * RECORD_MINUTES)

    @property
    def bolus_age(self) -> float:
        """Minutes since the newest bolus, by whomever; huge before the first."""
        return float(self.record * RECORD_MINUTES - self._course.places[LAST_BOLUS])

    def step(self, basal_rate: float, bolus: float) -> None:
        """Live the next record with this basal rate (U/h) and bolus (U), neither negative.

        A correction that the wearer has just asked for by hand is given instead of the bolus, as in a pump that
        delivers one bolus at a time. Raises ValueError when the life is over.
        """
        if self.over:
            raise ValueError(f"all {self.lot.records} records of this life were lived: begin another")
        lot, ordered = self.lot, self._by_hand if self._by_hand > 0.0 else bolus
        who = lot.wearer
        if ordered > 0.0:
            self._course.places[LAST_BOLUS] = self.record * RECORD_MINUTES
        live_record(
            who.physiology,
            who.therapy,
            lot.meals,
            lot.conditions,
            self.record,
            float(basal_rate),
            float(ordered),
            self.lived,
            self._course,
        )
        self._by_hand = react(
            who.therapy, who.reactions, lot.conditions, who.utc_offset_hours, self.record, self.lived, self._course
        )
        self.record += 1

    def insulin_by_day(self) -> float:
        """U a day that the pump gave so far. Raises ValueError before the first record."""
        if not self.record:
            raise ValueError("nothing was lived yet: step first")
        rate, bolus = self.lived.basal_rate[: self.record], self.lived.bolus[: self.record]
        units = float((rate * (RECORD_MINUTES / 60.0) + bolus).sum(dtype=np.float64))
        return units / (self.record * RECORD_MINUTES / 1440.0)
