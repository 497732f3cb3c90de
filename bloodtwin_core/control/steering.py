"""Controllers at the pumps of virtual wearers: what a pump tells one, and what becomes of its decisions."""

from collections.abc import Sequence
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
from bloodtwin_core.serving.stream_batch import StreamBatch
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

    def __init__(self, life: SteeredLife, network: StreamingNetwork | None = None, clock_hours: int = 0) -> None:
        self.life, self._first = life, FIRST_RECORD + np.timedelta64(clock_hours, "h")
        who = life.lot.wearer
        self.therapy, self._offset = TherapySettings(*who.therapy), who.utc_offset_hours
        self._forecasts = None if network is None else PumpForecasts([self], network)
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
        return self.state_with(None if self._forecasts is None else self._forecasts.newest()[0])

    def state_with(self, forecast: Forecast | None) -> PumpState:
        """What it knows now, and a forecast that was made for it."""
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
            forecast=forecast,
        )

    def newest_record(self) -> PumpRecords:
        """The record that has just ended, as a forecaster takes it. Raises ValueError before the first."""
        row, lived = self.life.record - 1, self.life.lived
        if row < 0:
            raise ValueError("nothing was lived yet: step first")
        told = self._records.values[row]
        told[_BG], told[_MISSING] = lived.readings[row], np.isnan(lived.readings[row])
        told[_BASAL] = min(lived.basal_rate[row], BASAL_LIMITS.high)
        told[_BOLUS] = min(lived.bolus[row], BOLUS_LIMITS.high)  # Two boluses may fall into one record.
        return self._records.rows(row, row + 1)


class PumpForecasts:
    """Forecasts for pumps whose lives go on side by side, all asked of the network at once."""

    def __init__(self, pumps: Sequence[Pump], network: StreamingNetwork) -> None:
        self._pumps, self._streams = pumps, StreamBatch(network, len(pumps))

    def newest(self) -> list[Forecast | None]:
        """From the records that have just ended, by pump; None where there can be none. Call it once a record."""
        if self._pumps[0].life.record:
            self._streams.feed([pump.newest_record() for pump in self._pumps])
        return [self._forecast(place) for place in range(len(self._pumps))]

    def _forecast(self, place: int) -> Forecast | None:
        try:
            return self._streams.forecast(place)
        except DataError:  # Too little is known yet, or the sensor is silent: no forecast.
            return None


def steer(
    lot: Lot, controller: Controller, network: StreamingNetwork | None = None, clock_hours: int = 0
) -> SteeredLife:
    """The whole life of a lot under a controller, lived to its end.

    network is used where the controller wants forecasts. Doses are given as a pump can give them (pump_dose).
    """
    return steer_together([lot], [controller], network, clock_hours)[0]


def steer_together(
    lots: Sequence[Lot],
    controllers: Sequence[Controller],
    network: StreamingNetwork | None = None,
    clock_hours: int = 0,
) -> list[SteeredLife]:
    """The lives of lots of the same length side by side, each under its controller: the same lives as one by one.

    Controllers are of one kind: all are given forecasts if the first wants them.
    """
    pumps = [Pump(SteeredLife(lot), clock_hours=clock_hours) for lot in lots]
    forecasts = PumpForecasts(pumps, network) if network is not None and controllers[0].wants_forecast else None
    decisions = [Decision(pump.therapy.basal_rate) for pump in pumps]
    none: list[Forecast | None] = [None] * len(pumps)
    while not pumps[0].life.over:
        for pump, decision in zip(pumps, decisions, strict=True):
            pump.life.step(decision.basal_rate, pump_dose(decision.bolus))
        told = none if forecasts is None else forecasts.newest()
        states = [pump.state_with(forecast) for pump, forecast in zip(pumps, told, strict=True)]
        decisions = [controller.decide(now) for controller, now in zip(controllers, states, strict=True)]
    return [pump.life for pump in pumps]
