"""The units that a pump's export holds are those of its records and what is counted as outside, to 0.01 U a day."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import RECORDS_PER_HOUR, Feature
from tests.core.sources.device_exports.test_paradigm import COLUMNS, row
from tests.core.sources.device_exports.vendor_files import PUMP, SENSOR, carelink, reading, t_connect, wearer
from tests.core.sources.device_exports.vendor_files import bolus as t_connect_bolus

START = np.datetime64("2024-05-21T00:00:00", "s")
DAYS = 2
MINUTES = DAYS * 1440
TOLERANCE = 0.01 * DAYS
Doses = Sequence[tuple[int, float]]
doses = st.lists(
    st.tuples(st.integers(10, MINUTES - 700), st.integers(1, 200).map(lambda tenths: tenths / 10)),
    max_size=8,
    unique_by=lambda event: event[0],
)
MIDNIGHT = (48, 0.8)
"""A pump writes to its log at every midnight; a rate of which nothing is heard for 25 h would be unknown."""
rates = st.lists(
    st.tuples(
        st.integers(1, 2 * DAYS * 24 - 3).filter(lambda half_hours: half_hours != MIDNIGHT[0]),
        st.integers(0, 120).map(lambda steps: steps / 40),
    ),
    max_size=8,
    unique_by=lambda event: event[0],
).map(lambda changes: [*changes, MIDNIGHT])


def at(minute: int, form: str = "carelink") -> str:
    time = str(START + np.timedelta64(60 * minute, "s"))
    if form == "carelink":
        return time.replace("-", "/").replace("T", " ")
    return time if form == "iso" else f"{int(time[5:7])}/{int(time[8:10])}/{time[2:4]} {time[11:]}"


def readings() -> list[int]:
    return list(range(0, MINUTES, 60))


def delivered_at(changes: Doses) -> float:
    """U of a rate that changes every so many half hours, from 1.0 U/h at the beginning, until the records end."""
    rate = np.ones(MINUTES)
    for half_hours, value in sorted(changes):
        rate[30 * half_hours :] = value
    return float(rate[: readings()[-1]].sum() / 60)


def in_records(events: PumpEvents) -> tuple[float, float]:
    """U of basal and of all insulin that the records hold or that is counted as outside of them."""
    records, repairs = records_from_events(events, 15.0)
    basal = float(np.nansum(records.feature(Feature.basal_rate).astype(np.float64)) / RECORDS_PER_HOUR)
    bolus = float(np.nansum(records.feature(Feature.bolus_dose).astype(np.float64)))
    return basal, basal + bolus + repairs[RepairKind.insulin_outside_records]


def carelink_of(rows: list[dict[str, str]]) -> str:
    sensor = [{"at": at(minute), "glucose": str(100 + place)} for place, minute in enumerate(readings())]
    return carelink({PUMP: sorted(rows, key=lambda each: each["at"]), SENSOR: sensor})


@settings(max_examples=15, deadline=None, phases=[Phase.generate])
@given(boluses=doses, changes=rates, lasting=st.integers(0, 480))
def test_carelink_with_programmed_rates(
    boluses: Doses, changes: Doses, lasting: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [{"at": at(0), "basal": "1,0"}]
    rows += [{"at": at(30 * half_hours), "basal": f"{rate:g}"} for half_hours, rate in changes]
    for number, (minute, dose) in enumerate(boluses):
        spread = number % 3 == 0 and lasting > 0
        common = {"kind": "Square" if spread else "Normal", "selected": f"{dose:g}", "number": str(number % 2)}
        if spread:
            common["lasting"] = f"{lasting // 60}:{lasting % 60:02}:00"
        after = lasting if spread else int(dose / 1.5) + 1
        rows += [{**common, "at": at(minute)}, {**common, "at": at(minute + after), "delivered": f"{dose:g}"}]
    found = wearer(tmp_path_factory.mktemp("insulin"), carelink_of(rows))
    assert found.bolus.dose.sum() == pytest.approx(sum(dose for _, dose in boluses), abs=1e-6)
    expected = delivered_at(changes) + sum(dose for _, dose in boluses)
    assert in_records(found)[1] == pytest.approx(expected, abs=TOLERANCE)


@settings(max_examples=15, deadline=None, phases=[Phase.generate])
@given(
    boluses=doses,
    gaps=st.lists(st.integers(1, 3000) | st.just(300), min_size=60, max_size=120),
    units=st.lists(st.integers(0, 12).map(lambda steps: steps * 0.025), min_size=120, max_size=120),
)
def test_carelink_in_automatic_mode(
    boluses: Doses, gaps: list[int], units: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Deliveries seconds to fifty minutes apart: their units are the basal insulin from the first of them on."""
    times = START + np.cumsum(gaps).astype("timedelta64[s]")
    rows = [
        {"at": str(time).replace("-", "/").replace("T", " "), "kind": "Normal", "selected": f"{dose:g}",
         "delivered": f"{dose:g}", "source": "CLOSED_LOOP_AUTO_BASAL"}
        for time, dose in zip(times, units, strict=False)
    ]  # fmt: skip
    rows += [
        {"at": at(minute), "kind": "Normal", "selected": f"{dose:g}", "delivered": f"{dose:g}", "source": "MANUAL"}
        for minute, dose in boluses
    ]
    found = wearer(tmp_path_factory.mktemp("insulin"), carelink_of(rows))
    automatic = sum(dose for _, dose in zip(times, units, strict=False))
    assert in_records(found)[0] == pytest.approx(automatic, abs=TOLERANCE)
    assert in_records(found)[1] == pytest.approx(automatic + sum(dose for _, dose in boluses), abs=TOLERANCE)


@settings(max_examples=15, deadline=None, phases=[Phase.generate])
@given(boluses=doses, changes=rates)
def test_paradigm(boluses: Doses, changes: Doses, tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = [row(at(0, "us"), "BasalProfileStart", "RATE=1")]
    rows += [row(at(30 * half_hours, "us"), "BasalProfileStart", f"RATE={rate:g}") for half_hours, rate in changes]
    for number, (minute, dose) in enumerate(boluses):
        kind, more = (
            ("BolusSquare", f", PROGRAMMED_AMOUNT={dose}, DURATION=7200000") if number % 2 else ("BolusNormal", "")
        )
        rows.append(row(at(minute, "us"), kind, f"AMOUNT={dose:g}{more}"))
    rows += [
        row(at(minute, "us"), "GlucoseSensorData", "A=1", str(100 + place)) for place, minute in enumerate(readings())
    ]
    found = wearer(tmp_path_factory.mktemp("insulin"), "\n".join([COLUMNS, *rows, ""]))
    expected = delivered_at(changes) + sum(dose for _, dose in boluses)
    assert in_records(found)[1] == pytest.approx(expected, abs=TOLERANCE)


@settings(max_examples=15, deadline=None, phases=[Phase.generate])
@given(boluses=doses, changes=rates)
def test_t_connect(boluses: Doses, changes: Doses, tmp_path_factory: pytest.TempPathFactory) -> None:
    text = t_connect(
        [reading(at(minute, "iso"), 100 + place) for place, minute in enumerate(readings())],
        [t_connect_bolus(at(minute, "iso"), at(minute + 5, "iso"), dose, asked=dose) for minute, dose in boluses],
        [f'"Basal","{at(0, "iso")}","1"']
        + [f'"Basal","{at(30 * half_hours, "iso")}","{rate:g}"' for half_hours, rate in sorted(changes)],
    )
    found = wearer(tmp_path_factory.mktemp("insulin"), text, glucose_unit="mg/dL")
    expected = delivered_at(changes) + sum(dose for _, dose in boluses)
    assert in_records(found)[1] == pytest.approx(expected, abs=TOLERANCE)
