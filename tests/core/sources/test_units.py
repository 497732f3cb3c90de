"""Whatever the source: the units that its files hold are those of the records and what is counted, to 0.01 U a day.

Each source with insulin has such a test, here or beside its other tests; those without any insulin are named too.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import RECORD_INTERVAL, PumpRecords, Timestamps
from bloodtwin_core.sources.fetched import FetchedRows, Window
from bloodtwin_core.sources.registry import sources
from bloodtwin_core.sources.settings import data_settings
from tests.core.events.hand_made import known_units
from tests.core.sources import test_events as plain
from tests.core.sources import test_nightscout_dump as dump
from tests.core.sources import test_t1d_uom as t1d_uom
from tests.core.sources import test_xdrip as xdrip
from tests.core.sources.azt1d import test_importer as azt1d
from tests.core.sources.device_exports import vendor_files as vendor
from tests.core.sources.nightscout import documents as site
from tests.core.sources.servers.tandem_log import LogWriter

START = np.datetime64("2024-01-10T00:00:00", "s")
DAYS = 2
MINUTES = DAYS * 1440
TESTED_BESIDE = {
    "apple_health": "test_apple_health:test_no_unit_of_insulin_is_lost_or_made_up",
    "brist1d": "test_brist1d_insulin:test_not_a_unit_is_lost_or_made_up",
    "glooko": "test_glooko:test_units_in_the_files_are_units_in_the_records",
    "nightscout": "nightscout.test_boluses:test_every_unit_of_the_documents_is_in_the_records_or_counted",
    "ohio_t1dm": "test_ohio_t1dm:test_no_unit_of_insulin_is_lost_or_made_up",
    "tidepool": "test_tidepool:test_no_unit_of_insulin_is_lost_or_made_up",
    "vendor": "device_exports.test_insulin:test_carelink_with_programmed_rates",
}
"""Sources whose test stands beside their other tests; nightscout, vendor have further formats below."""
WITHOUT = ("dexcom_share", "librelinkup", "bloodbank", "simulator")
"""No insulin is sent; files that are used as they are; virtual wearers, whose records are made as such."""


@dataclass(frozen=True)
class Given:
    """What was delivered: boluses (minute, U), and a rate (U/h) from so many half hours on, at first 0.8 U/h."""

    boluses: Sequence[tuple[int, float]]
    changes: Sequence[tuple[int, float]]

    @property
    def bolus_units(self) -> float:
        return sum(dose for _, dose in self.boluses)

    def rate(self) -> np.ndarray:
        """U/h [minute]."""
        rate = np.full(MINUTES, 0.8)
        for half_hours, value in self.rates():
            rate[30 * half_hours :] = value
        return rate

    def rates(self) -> list[tuple[int, float]]:
        """With the first rate, and said again every twelve hours, as pumps do."""
        told = dict(self.changes)
        current, said = 0.8, []
        for half_hours in range(MINUTES // 30):
            current = told.get(half_hours, current)
            if half_hours % 24 == 0 or half_hours in told:
                said.append((half_hours, current))
        return said

    def basal_units(self, last_minute: int) -> float:
        return float(self.rate()[:last_minute].sum() / 60)


GIVEN = st.builds(
    Given,
    st.lists(
        st.tuples(st.integers(5, MINUTES - 700), st.integers(5, 1500).map(lambda hundredths: hundredths / 100)),
        max_size=10,
        unique_by=(lambda bolus: bolus[0], lambda bolus: bolus[1]),
    ),
    st.lists(
        st.tuples(st.integers(1, 2 * 24 * DAYS - 3), st.integers(0, 100).map(lambda steps: steps / 20)),
        max_size=8,
        unique_by=lambda change: change[0],
    ),
)
COUNTED = (
    RepairKind.insulin_outside_records,
    RepairKind.repeated_delivery_units,
    RepairKind.long_acting_units,
    RepairKind.unreadable_units,
)


def at(minute: float) -> np.datetime64:
    return START + np.timedelta64(round(60 * minute), "s")


def readings() -> Timestamps:
    times: Timestamps = START + np.arange(0, MINUTES, 5).astype("timedelta64[m]").astype("timedelta64[s]")
    return times


def glucose(place: int) -> int:
    return 100 + place % 40


Reader = Callable[[Path, Given], PumpEvents | tuple[PumpRecords, Repairs]]


def plain_files(folder: Path, told: Given) -> PumpEvents:
    plain.write(folder, "cgmreading", *(f"{time}Z,{glucose(n)},EGV" for n, time in enumerate(readings())))
    plain.write(folder, "basal", *(f"{at(30 * half)}Z,{rate},rate" for half, rate in told.rates()))
    plain.write(folder, "bolus", *(f"{at(minute)}Z,{dose},BOLUS" for minute, dose in told.boluses))
    (pump,) = plain.read(folder)
    return pump


def t1d_uom_files(folder: Path, told: Given) -> PumpEvents:
    def stamp(time: np.datetime64) -> str:
        return str(time.item().strftime("%d/%m/%Y %H:%M"))

    return t1d_uom.imported(
        folder,
        glucose=[f"{stamp(time)},{6 + n % 9 / 10:.1f}" for n, time in enumerate(readings())],
        basal=[f"{stamp(at(30 * half))},{rate},R" for half, rate in told.rates()],
        bolus=[f"{stamp(at(minute))},{dose}" for minute, dose in told.boluses],
    )


def tandem_log(folder: Path, told: Given) -> PumpEvents:
    rows = pytest.importorskip("bloodtwin_core.sources.tandem.rows", reason="the extra `tandem` is not installed")
    importer = importlib.import_module("bloodtwin_core.sources.tandem.importer")
    log, rate = LogWriter(), told.rate()
    lines = [(5.0 * step, lambda t, step=step: log.delivery(t, rate[5 * step])) for step in range(MINUTES // 5)]
    lines += [(5.0 * step, lambda t, step=step: log.glucose(t, glucose(step))) for step in range(MINUTES // 5)]
    lines += [(m, lambda t, n=n, d=d: log.bolus(t, n + 1, d)) for n, (m, d) in enumerate(told.boluses)]
    for minute, write in sorted(lines, key=lambda line: line[0]):
        write(at(minute))
    day = START.astype("datetime64[D]")
    FetchedRows(folder / "tandem_1").add(Window(day, day + DAYS), rows.rows_of(log.events))
    (pump,) = importer.events(data_settings(source="tandem", root=str(folder), tandem={"time_zone": "UTC"}))
    return pump


def site_documents(folder: Path, told: Given) -> PumpEvents:
    """Temporary rates in U/h and in per cent of a profile's 2 U/h by turns, until the next."""
    treatments = [
        site.treatment(0, "Temp Basal", f"r{half}", duration=1440, created_at=f"{at(30 * half)}Z", **said)
        for n, (half, rate) in enumerate(told.rates())
        for said in [{"absolute": rate} if n % 2 else {"percent": rate * 50 - 100}]
    ]
    treatments += [
        site.treatment(0, "Meal Bolus", f"b{minute}", insulin=dose, created_at=f"{at(minute)}Z")
        for minute, dose in told.boluses
    ]
    entries = [
        {"_id": f"{n}", "type": "sgv", "sgv": glucose(n), "date": site.milliseconds(time)}
        for n, time in enumerate(readings())
    ]
    profile = site.profile((0, 2.0))
    return dump.told(dump.write(folder, entries=entries, treatments=treatments, profile=[profile]))


def azt1d_file(folder: Path, told: Given) -> tuple[PumpRecords, Repairs]:
    """What stands in an hour is basal of the records of the next: an hour more stands before the two days."""
    hourly = told.rate().reshape(-1, 60).mean(axis=1)
    hourly = np.append(hourly, hourly[-1:])
    hour = np.timedelta64(3600, "s")
    rows = [
        azt1d.row((time - hour + np.timedelta64(150, "s")).item(), glucose(n), f"{hourly[5 * n // 60]:.6f}")
        for n, time in enumerate(np.append(readings(), readings()[-12:] + hour))
    ]
    rows += [azt1d.row(at(minute).item(), "", f"{hourly[minute // 60 + 1]:.6f}", dose) for minute, dose in told.boluses]
    return azt1d.imported(rows, folder), Repairs()


def xdrip_database(folder: Path, told: Given) -> PumpEvents:
    stated = [{"timestamp": int(at(m).astype("datetime64[ms]").astype(int)), "insulin": d} for m, d in told.boluses]
    times = [(int(time.astype("datetime64[ms]").astype(int)), glucose(n)) for n, time in enumerate(readings())]
    return xdrip.read(xdrip.database(folder / "export.sqlite", stated, times), time_zone="")


def xdrip_csv(folder: Path, told: Given) -> PumpEvents:
    def stamp(time: np.datetime64) -> str:
        return str(time.item().strftime("%d.%m.%Y;%H:%M"))

    rows = [f"{stamp(time)};{glucose(n)};;;;" for n, time in enumerate(readings())]
    rows += [f"{stamp(at(minute))};;;0;{dose};" for minute, dose in sorted(told.boluses)]
    return xdrip.read_csv(folder, "\n".join([xdrip.HEADER, *rows, ""]), time_zone="UTC")


def clarity(folder: Path, told: Given) -> PumpEvents:
    rows = [vendor.egv(str(time), glucose(n)) for n, time in enumerate(readings())]
    rows += [f"9,{at(minute)},Insulin,Fast-Acting,,,android G6,,{dose},,,,," for minute, dose in sorted(told.boluses)]
    return vendor.wearer(folder, vendor.clarity(rows))


def libre_view(folder: Path, told: Given) -> PumpEvents:
    rows = [vendor.kept(time.item().strftime("%d-%m-%Y %H:%M"), glucose(n)) for n, time in enumerate(readings())]
    rows += [
        f"FreeStyle Libre 3,AAAA-1,{at(minute).item():%d-%m-%Y %H:%M},4,,,,{dose},,,,,,,,"
        for minute, dose in sorted(told.boluses)
    ]
    return vendor.wearer(folder, vendor.libre(rows), date_order="day_first")


WITH_BASAL: dict[str, Reader] = {
    "azt1d": azt1d_file,
    "events": plain_files,
    "nightscout_dump": site_documents,
    "t1d_uom": t1d_uom_files,
    "tandem": tandem_log,
}
BOLUSES_ALONE: dict[str, Reader] = {
    "xdrip": xdrip_database,
    "xdrip, CSV": xdrip_csv,
    "vendor, Clarity": clarity,
    "vendor, LibreView": libre_view,
}


@pytest.mark.parametrize("source", [*WITH_BASAL, *BOLUSES_ALONE])
@hypothesis_settings(max_examples=6, deadline=None, phases=[Phase.generate])
@given(told=GIVEN)
def test_no_unit_is_lost_or_made_up(source: str, told: Given, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = {**WITH_BASAL, **BOLUSES_ALONE}[source](tmp_path_factory.mktemp("source"), told)
    records, repairs = found if isinstance(found, tuple) else records_from_events(found, 15.0)
    stated = told.bolus_units
    if source in WITH_BASAL:
        # Those of AZT1D alone tell of the five minutes from their time on.
        until = records.timestamps[-1] + (RECORD_INTERVAL if source == "azt1d" else np.timedelta64(0, "s"))
        stated += told.basal_units(int((until - START) / np.timedelta64(60, "s")))
    kept = known_units(records) + sum(repairs[kind] for kind in COUNTED)
    assert kept == pytest.approx(stated, abs=0.01 * DAYS)


def test_every_source_is_tested_or_has_no_insulin() -> None:
    here = {name.partition(",")[0] for name in (*WITH_BASAL, *BOLUSES_ALONE)}
    assert set(sources()) == here | set(TESTED_BESIDE) | set(WITHOUT)
    for place in TESTED_BESIDE.values():
        module, _, test = place.partition(":")
        assert callable(getattr(importlib.import_module(f"tests.core.sources.{module}"), test))
