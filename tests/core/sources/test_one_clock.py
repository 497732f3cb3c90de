"""Whatever the source: where a device's clock was wrong for a while, insulin stays where it was against glucose."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.records import Timestamps
from tests.core.events.test_clocks import HOUR, STEP, every_five_minutes, wall_times
from tests.core.sources import test_glooko as glooko
from tests.core.sources import test_t1d_uom as t1d_uom
from tests.core.sources import test_xdrip as xdrip
from tests.core.sources.device_exports.vendor_files import PUMP as PUMP_SECTION
from tests.core.sources.device_exports.vendor_files import SENSOR, bolus, carelink, reading, t_connect, wearer

ZONE = "Europe/London"
MINUTE = np.timedelta64(60, "s")
Reader = Callable[[Path, Timestamps, Timestamps], PumpEvents]
"""The events of an export whose readings and boluses [event] were recorded at these wall times, in this order."""


def written(times: Timestamps, pattern: str) -> list[str]:
    return [time.item().strftime(pattern) for time in times]


def glooko_export(folder: Path, readings: Timestamps, boluses: Timestamps) -> PumpEvents:
    cgm = [f"{at},{100 + n % 40},S1" for n, at in enumerate(written(readings, "%Y-%m-%d %H:%M"))]
    given = [f"{at},Normal,0,0,,{1 + n % 9}.0,,,P1" for n, at in enumerate(written(boluses, "%Y-%m-%d %H:%M"))]
    files = {glooko.CGM_FILE: glooko.table(glooko.CGM, cgm), glooko.BOLUS_FILE: glooko.table(glooko.BOLUS, given)}
    return glooko.read(glooko.written(folder, files), time_zone=ZONE)


def xdrip_csv(folder: Path, readings: Timestamps, boluses: Timestamps) -> PumpEvents:
    rows = [f"{at};{100 + n % 40};;;;" for n, at in enumerate(written(readings, "%d.%m.%Y;%H:%M"))]
    rows += [f"{at};;;;{n + 1}.0;" for n, at in enumerate(written(boluses, "%d.%m.%Y;%H:%M"))]
    return xdrip.read_csv(folder, "\n".join([xdrip.HEADER, *rows, ""]), time_zone=ZONE)


def t_connect_export(folder: Path, readings: Timestamps, boluses: Timestamps) -> PumpEvents:
    cgm = [reading(str(at), 100 + n % 40) for n, at in enumerate(readings)]
    given = [bolus(str(at), str(at), n + 1.0) for n, at in enumerate(boluses)]
    return wearer(folder, t_connect(cgm, given), time_zone=ZONE, glucose_unit="mg/dL")


def carelink_export(folder: Path, readings: Timestamps, boluses: Timestamps) -> PumpEvents:
    cgm = [{"at": at, "glucose": f"{100 + n % 40}"} for n, at in enumerate(written(readings, "%Y/%m/%d %H:%M:%S"))]
    given = [
        {"at": at, "kind": "Normal", "selected": f"{n + 1}.0", "number": f"{n}", "source": "BOLUS_WIZARD", **ended}
        for n, at in enumerate(written(boluses, "%Y/%m/%d %H:%M:%S"))
        for ended in ({}, {"delivered": f"{n + 1}.0"})
    ]
    return wearer(folder, carelink({PUMP_SECTION: given, SENSOR: cgm}), time_zone=ZONE)


def t1d_uom_files(folder: Path, readings: Timestamps, boluses: Timestamps) -> PumpEvents:
    cgm = [f"{at},{6 + n % 9 / 10:.1f}" for n, at in enumerate(written(readings, "%d/%m/%Y %H:%M"))]
    given = [f"{at},{n + 1}.0" for n, at in enumerate(written(boluses, "%d/%m/%Y %H:%M"))]
    rates = [f"{at},0.8,R" for at in written(readings[::200], "%d/%m/%Y %H:%M")]
    return t1d_uom.imported(folder, glucose=cgm, bolus=given, basal=rates)


READERS: dict[str, Reader] = {
    "glooko": glooko_export,
    "xdrip": xdrip_csv,
    "t:connect": t_connect_export,
    "CareLink": carelink_export,
}


def assert_times(found: PumpEvents, readings: Timestamps, boluses: Timestamps) -> None:
    np.testing.assert_array_equal(found.glucose.times, readings)
    np.testing.assert_array_equal(np.unique(found.bolus.times), boluses)


def boluses_of(readings: Timestamps, places: Sequence[int]) -> Timestamps:
    times: Timestamps = readings[list(places)] + 2 * MINUTE
    return times


@pytest.mark.parametrize("source", READERS)
@pytest.mark.parametrize("places", [(20, 120, 240, 390), (20, 180, 300)])
def test_a_clock_that_was_set_back_moves_insulin_with_glucose(
    source: str, places: tuple[int, ...], tmp_path: Path
) -> None:
    """The readings show the step back; the boluses are too few to, or to tell how far it was."""
    true = every_five_minutes("2024-01-10", 400)
    boluses = boluses_of(true, places)

    def shown(times: Timestamps) -> Timestamps:
        return times + np.where((times >= true[100]) & (times < true[250]), HOUR, 0 * HOUR)

    assert_times(READERS[source](tmp_path / "anna", shown(true), shown(boluses)), true, boluses)


@pytest.mark.parametrize("source", [*READERS, "t1d_uom"])
def test_a_clock_that_is_put_forward_late_moves_insulin_with_glucose(source: str, tmp_path: Path) -> None:
    """No bolus falls into the hour that does not exist, yet those after it are of the late clock too."""
    true = every_five_minutes("2024-03-30T20:00", 700)
    boluses = boluses_of(true, (20, 150, 300, 500, 650))

    def shown(times: Timestamps) -> Timestamps:
        late = (times >= np.datetime64("2024-03-31T01:00")) & (times < true[450])
        return wall_times(times) - np.where(late, HOUR, 0 * HOUR)

    read = {**READERS, "t1d_uom": t1d_uom_files}[source]
    assert_times(read(tmp_path / "anna", shown(true), shown(boluses)), true, boluses)


def test_in_a_glooko_export_a_sensor_that_goes_on_through_it_has_another_clock(tmp_path: Path) -> None:
    true = every_five_minutes("2024-01-10", 400)
    rhythm = np.arange(0, 400, 2)
    given = boluses_of(true, rhythm)
    ahead = (given >= true[100]) & (given < true[250])
    found = glooko_export(tmp_path / "anna", true, given + np.where(ahead, HOUR, 0 * HOUR))
    np.testing.assert_array_equal(found.glucose.times, true)
    assert np.abs(found.bolus.times - given).max() <= STEP
