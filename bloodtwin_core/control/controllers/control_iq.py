"""Control-IQ as far as it is published: the thresholds of simulation/controller.py.

Not published, and so stood in for there: how Control-IQ predicts (a line through the last 20 minutes) and by how much
it raises the basal rate. A life under it is the simulator's own history, bit for bit.
"""

from dataclasses import dataclass

from bloodtwin_core.control.controller import Decision, PumpState
from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.simulation.closed_loop import predict
from bloodtwin_core.simulation.controller import READING_LIFE_MINUTES, Therapy, automatic_bolus, closed_loop_basal


@dataclass(frozen=True)
class ControlIQ:
    """Reduces, stops and raises the basal rate, and gives automatic correction boluses."""

    wants_forecast: bool = False

    def decide(self, now: PumpState) -> Decision:
        """What the published thresholds give; without a reading for 20 minutes the profile."""
        if now.reading_age > READING_LIFE_MINUTES:
            return Decision(now.therapy.basal_rate)
        told = now.therapy
        therapy = Therapy(told.basal_rate, told.correction_factor, told.carbohydrate_ratio)
        newest = len(now.glucose) - 1 - int(now.reading_age // RECORD_MINUTES)
        predicted = predict(now.glucose, newest)
        return Decision(
            closed_loop_basal(therapy, predicted, now.insulin_on_board),
            automatic_bolus(therapy, predicted, now.insulin_on_board, int(now.bolus_age)),
        )
