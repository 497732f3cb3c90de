"""A pump that writes a log as Tandem's pumps do, and remembers what it really did."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

PUMP_EPOCH = np.datetime64("2008-01-01T00:00:00")
SENSOR_CODES = {"Dexcom G6": 256, "Libre 2": 372, "Dexcom G7": 399, "Libre 3": 480}


def at(text: str) -> np.datetime64:
    return np.datetime64(text, "s")


@dataclass
class LogWriter:
    """Numbers the lines it writes; times are UTC and shown with an offset in hours, which can be set."""

    offset_hours: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list)
    group: int = 0
    _number: int = 1000

    def write(self, code: int, time: np.datetime64, **said: Any) -> dict[str, Any]:
        self._number += 1
        shown = str(self.shown(time))
        event = {
            "deviceAssignmentId": "device",
            "eventCode": code,
            "sequenceGroup": self.group,
            "sequenceNumber": self._number,
            "pumpDateTime": shown,
            "estimatedDateTime": f"{shown}Z",
            "eventProperties": said,
        }
        self.events.append(event)
        return event

    def shown(self, time: np.datetime64) -> np.datetime64:
        return time.astype("datetime64[s]") + np.timedelta64(round(self.offset_hours * 3600), "s")

    def glucose(
        self, time: np.datetime64, value: int, sensor: str = "Dexcom G6", status: int = 0, late_minutes: int = 0
    ) -> None:
        measured = int((self.shown(time) - PUMP_EPOCH) / np.timedelta64(1, "s"))
        self.write(
            SENSOR_CODES[sensor],
            time + np.timedelta64(late_minutes, "m"),
            glucoseValueStatus=status,
            cgmDataType=[1] if late_minutes else [0],
            rate=0,
            algorithmState=6,
            rssi=-60,
            currentGlucoseDisplayValue=value,
            egvTimeStamp=measured,
            egvInfoBitmask=[0, 5, 6, 7, 8],
            interval=5,
        )

    def delivery(self, time: np.datetime64, rate: float, source: int = 1) -> None:
        thousandths = round(rate * 1000)
        self.write(
            279,
            time,
            commandedRateSource=source,
            commandedRate=thousandths,
            profileBasalRate=thousandths,
            algorithmRate=65535,
            tempRate=65535,
        )

    def rate_change(self, time: np.datetime64, rate: float, why: int = 0) -> None:
        self.write(3, time, commandedBasalRate=rate, baseBasalRate=rate, maxBasalRate=3.0, idp=0, changeType=[why])

    def daily_basal(self, time: np.datetime64, units: float) -> None:
        """U of basal since the pump's midnight."""
        battery = {"batteryChargePercentMSBRaw": 14, "batteryChargePercentLSBRaw": 0, "batteryLipoMilliVolts": 3800}
        self.write(81, time, dailyTotalBasal=units, lastBasalRate=0.8, iob=1.5, **battery)

    def suspend(self, time: np.datetime64) -> None:
        self.write(11, time, preSuspendState=0, insulinAmount=120, suspendReason=0, rpaTimeout=0)

    def resume(self, time: np.datetime64) -> None:
        self.write(12, time, preResumeState=0, insulinAmount=120)

    def bolus(self, time: np.datetime64, number: int, dose: float, asked: float | None = None) -> None:
        """Given at once: begun, delivered and completed."""
        end = time + np.timedelta64(40, "s")
        self.write(55, time, bolusId=number, selectedIob=1, iob=0.0, bolusSize=asked or dose)
        self._delivered(time, number, 1, 0.0, asked or dose)
        self._delivered(end, number, 0, dose, asked or dose)
        self.completed(end, number, dose, asked or dose)

    def completed(self, time: np.datetime64, number: int, dose: float, asked: float, code: int = 20) -> None:
        status = 3 if abs(dose - asked) < 1e-9 else 0
        self.write(
            code,
            time,
            completionStatus=status,
            bolusId=number,
            iob=0.0,
            insulinDelivered=dose,
            insulinRequested=asked,
        )

    def extended(
        self,
        time: np.datetime64,
        number: int,
        at_once: float,
        over_time: float,
        asked_minutes: int,
        took_minutes: int,
        is_finished: bool = True,
    ) -> None:
        """Some at once, the rest evenly over took_minutes, told of every five minutes."""
        self.write(55, time, bolusId=number, selectedIob=1, iob=0.0, bolusSize=at_once)
        self.completed(time, number, at_once, at_once)
        self.write(59, time, bolusId=number, selectedIob=1, iob=0.0, bolexSize=over_time)
        for minute in range(5, took_minutes + 1, 5):
            so_far = at_once + over_time * minute / took_minutes
            self._delivered(time + np.timedelta64(minute, "m"), number, 1, so_far, at_once, over_time, asked_minutes)
        if is_finished:
            self.completed(time + np.timedelta64(took_minutes, "m"), number, over_time, over_time, code=21)

    def set_clock(self, time: np.datetime64, offset_hours: float) -> None:
        """The wearer sets the clock; what is written from then on shows the new offset."""
        before = self.shown(time)
        self.offset_hours = offset_hours
        after = self.shown(time)
        days = (after.astype("datetime64[D]") - before.astype("datetime64[D]")).astype(int)
        in_day = [int((t - t.astype("datetime64[D]")) / np.timedelta64(1, "ms")) for t in (before, after)]
        self.write(13, time, timePrior=in_day[0], timeAfter=in_day[1], rawRtcTime=0)
        if days:
            self.write(14, time, datePrior=100, dateAfter=100 + int(days), rawRtcTime=0)

    def _delivered(
        self,
        time: np.datetime64,
        number: int,
        status: int,
        dose: float,
        now: float,
        later: float = 0.0,
        minutes: int = 0,
    ) -> None:
        self.write(
            280,
            time,
            bolusId=number,
            bolusDeliveryStatus=status,
            bolusType=[0, 1] if later else [0],
            bolusSource=1,
            remoteId=0,
            requestedNow=round(now * 1000),
            requestedLater=round(later * 1000),
            correction=0,
            extendedDurationRequested=minutes,
            deliveredTotal=round(dose * 1000),
        )


@dataclass(frozen=True)
class History:
    """A pump's log of some days with what it tells: readings, and U of basal and bolus."""

    events: list[dict[str, Any]]
    readings: int
    basal: float
    bolus: float
    boluses: int


def history(first: str, days: int, every_minutes: int = 5, boluses_a_day: int = 8) -> History:
    """A reading and a delivery line every few minutes; every seventh bolus is extended. The clock shows UTC."""
    log = LogWriter()
    steps = days * 24 * 60 // every_minutes
    basal = bolus = 0.0
    boluses = 0
    every_bolus = max(24 * 60 // every_minutes // boluses_a_day, 1)
    for step in range(steps):
        time = at(first) + np.timedelta64(step * every_minutes, "m")
        log.glucose(time, 100 + step % 97, sensor="Dexcom G7" if step > steps // 2 else "Dexcom G6")
        rate = 0.5 + (step % 11) / 20
        log.delivery(time, rate, source=3)
        basal += rate * every_minutes / 60
        if step % every_bolus == every_bolus - 1:
            boluses += 1
            if boluses % 7:
                log.bolus(time + np.timedelta64(30, "s"), boluses, 2.5)
                bolus += 2.5
            else:
                log.extended(time + np.timedelta64(30, "s"), boluses, 1.0, 3.0, 120, 120)
                bolus += 4.0
    return History(log.events, steps, basal, bolus, boluses)
