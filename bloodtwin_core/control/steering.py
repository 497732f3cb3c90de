"""A controller at the pump of a virtual wearer: what the pump tells it, and what becomes of its decisions."""

from dataclasses import replace

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.control.controller import Controller, Decision, PumpState, TherapySettings
from bloodtwin_core.records import (
    BASAL_LIMITS,
    BOLUS_LIMITS,
    RECORD_INTERVAL,
    Feature,
    PumpRecords,
    records_from_signals,
)
from bloodtwin_core.serving.forecast import Forecast
from bloodtwin_core.serving.streaming import StreamingForecaster
from bloodtwin_core.serving.streaming_network import StreamingNetwork
from bloodtwin_core.simulation.controller import pump_dose
from bloodtwin_core.simulation.history import FIRST_RECORD, Lot
from bloodtwin_core.simulation.steered import SteeredLife

_BG, _MISSING = Feature.bg.column, Feature.bg_missing_flag.column
_BASAL, _BOLUS = Feature.basal_rate.column, Feature.bolus_dose.column


class Pump:
    """The pump of a life: its clock, its settings, its memory and, where it is asked for one, its forecast.

    clock_hours: how far its clock is ahead of the truth. network: the streaming forecaster, or None.
    """

    def __init__(self, life: SteeredLife, network: StreamingNetwork | None, clock_hours: int = 0) -> None:
        self.life, self._first = life, FIRST_RECORD + np.timedelta64(clock_hours, "h")
        who = life.lot.wearer
        self.therapy, self._offset = TherapySettings(*who.therapy), who.utc_offset_hours
        self._forecaster = None if network is None else StreamingForecaster(network)
        # Made once, since making one record after the other takes as long as a third of the network.
        self._records = self._unknown(life.lot.records)

    def _unknown(self, count: int) -> PumpRecords:
        """So many records on the pump's clock, of which nothing is known yet; changes of glucose are left to feed."""
        zone = f"{'+' if self._offset >= 0 else '-'}{abs(self._offset):02}:00"
        nothing = np.full(count, np.nan)
        times = self._first + RECORD_INTERVAL * np.arange(count)
        return replace(records_from_signals("virtual", times, nothing, nothing, nothing), wearer_zone=zone)

    def state(self) -> PumpState:
        """What it knows now. Call it once a record: a forecaster takes each record once."""
        life, until = self.life, self.life.record
        return PumpState(
            time=self._first + RECORD_INTERVAL * (until - 1),
            utc_offset_hours=self._offset,
            glucose=life.lived.readings[:until],
            basal_rate=life.lived.basal_rate[:until],
            bolus=life.lived.bolus[:until],
            insulin_on_board=life.insulin_on_board,
            bolus_age=life.bolus_age,
            reading_age=life.reading_age,
            therapy=self.therapy,
            forecast=self._forecast(),
        )

    def _forecast(self) -> Forecast | None:
        if self._forecaster is None or not self.life.record:
            return None
        row, lived = self.life.record - 1, self.life.lived
        told = self._records.values[row]
        told[_BG], told[_MISSING] = lived.readings[row], np.isnan(lived.readings[row])
        told[_BASAL] = min(lived.basal_rate[row], BASAL_LIMITS.high)
        told[_BOLUS] = min(lived.bolus[row], BOLUS_LIMITS.high)  # Two boluses may fall into one record.
        self._forecaster.feed(self._records.rows(row, row + 1))
        try:
            return self._forecaster.forecast()
        except DataError:  # Too little is known yet, or the sensor is silent: no forecast.
            return None


def steer(
    lot: Lot, controller: Controller, network: StreamingNetwork | None = None, clock_hours: int = 0
) -> SteeredLife:
    """The whole life of a lot under a controller, lived to its end.

    network is used where the controller wants forecasts. Doses are given as a pump can give them (pump_dose).
    """
    life = SteeredLife(lot)
    pump = Pump(life, network if controller.wants_forecast else None, clock_hours)
    decision = Decision(pump.therapy.basal_rate)
    while not life.over:
        life.step(decision.basal_rate, pump_dose(decision.bolus))
        decision = controller.decide(pump.state())
    return life
