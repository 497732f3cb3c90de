"""However readings arrive (late, twice, out of order, revised), the forecast is that of the same readings in order."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.records import PumpRecords
from bloodtwin_core.service.engine import Engine
from bloodtwin_core.service.gridding import reach_of, records_of, records_up_to_now, told_up_to
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.store import EventKind, Store, StoredEvent
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.intake import taken
from bloodtwin_core.serving.lookback import lookback_of
from tests.core.service.days import NOON, glucose_at

COUNT = 330


class Standing:
    second = float(NOON)

    def __call__(self) -> float:
        return self.second


def events() -> list[StoredEvent]:
    """A day and more of readings with holes, a changing basal rate and boluses, in order."""
    told = []
    for place in range(COUNT):
        second = NOON - 300 * (COUNT - 1 - place) - 20 * (place % 3)
        if place % 29:
            told.append(StoredEvent(EventKind.glucose, f"g{place}", second, glucose_at(second), sensor="s"))
        if place % 12 == 0:
            told.append(StoredEvent(EventKind.basal, f"b{place}", second, 0.5 + place / 600))
        if place % 70 == 0:
            told.append(StoredEvent(EventKind.bolus, f"d{place}", second + 7, 2.0, minutes=float(place % 3 * 20)))
    return told


def forecast_after(arrivals: list[StoredEvent], folder: Path, base_model: ModelInUse) -> np.ndarray[Any, Any]:
    store = Store(folder, survives_power_cut=False)
    try:
        engine = Engine(store, base_model, Standing())
        wearer = store.wearers.put("anna", "Europe/Berlin")
        for start in range(0, len(arrivals), 50):
            store.events.put(wearer.number, arrivals[start : start + 50], NOON)
        [made] = engine.outlooks([wearer])
        assert made.outlook.forecast is not None
        return made.outlook.forecast.glucose
    finally:
        store.close()


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory, base_model: ModelInUse) -> np.ndarray[Any, Any]:
    return forecast_after(events(), tmp_path_factory.mktemp("order"), base_model)


@settings(max_examples=15)
@given(
    order=st.permutations(range(len(events()))),
    doubled=st.lists(st.integers(0, len(events()) - 1), max_size=40),
    revised=st.dictionaries(st.integers(0, len(events()) - 1), st.floats(40, 300), max_size=40),
)
def test_the_order_of_arrival_does_not_count(
    tmp_path_factory: pytest.TempPathFactory,
    base_model: ModelInUse,
    in_order: np.ndarray[Any, Any],
    order: list[int],
    doubled: list[int],
    revised: dict[int, float],
) -> None:
    true = events()
    first = [
        StoredEvent(event.kind, event.name, event.second - 60, revised[place], sensor=event.sensor)
        if place in revised and event.kind is EventKind.glucose
        else event
        for place, event in enumerate(true)
    ]
    arrivals = [first[place] for place in order]
    arrivals += [true[place] for place in revised] + [true[place] for place in doubled]
    made = forecast_after(arrivals, tmp_path_factory.mktemp("arrivals"), base_model)
    assert np.array_equal(made, in_order)


def test_the_forecast_is_that_of_the_importers_records(base_model: ModelInUse, in_order: np.ndarray[Any, Any]) -> None:
    by_kind = {kind: [event for event in events() if event.kind is kind] for kind in EventKind}

    def times(kind: EventKind) -> np.ndarray[Any, Any]:
        return np.array([event.second for event in by_kind[kind]]).astype("datetime64[s]")

    def values(kind: EventKind) -> list[float]:
        return [float(event.value or 0.0) for event in by_kind[kind]]

    minutes = [event.minutes for event in by_kind[EventKind.bolus]]
    told = PumpEvents(
        "anna",
        GlucoseEvents.of(times(EventKind.glucose), values(EventKind.glucose), "s"),
        BasalEvents.of(times(EventKind.basal), values(EventKind.basal)),
        BolusEvents.of(times(EventKind.bolus), values(EventKind.bolus), minutes),
        wearer_zone="Europe/Berlin",
    )
    forecaster = base_model.now.forecaster
    now = np.datetime64(NOON, "s")
    records, _ = records_from_events(told, forecaster.facts.max_gap_hours, now)
    assert np.abs(forecaster.forecast(records).glucose - in_order).max() < 1e-3


@st.composite
def histories(draw: st.DrawFn) -> list[StoredEvent]:
    """Four days with holes, insulin told seldom or never, values that repeat, and sometimes a second sensor."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    count = 4 * 288
    told = []
    holes = np.zeros(count, dtype=bool)
    for longest in draw(st.lists(st.sampled_from([6, 40, 200]), max_size=6)):
        start = int(random.integers(0, count - 12))
        holes[start : start + int(random.integers(1, longest))] = True
    holes[-12:] = False
    stuck = int(random.integers(0, count)) if draw(st.booleans()) else -1
    second_sensor = draw(st.booleans())
    for place in np.flatnonzero(~holes).tolist():
        second = NOON - 300 * (count - 1 - place) - 20
        value = 150.0 if 0 <= place - stuck < 40 and stuck >= 0 else glucose_at(second) + place % 3
        told.append(StoredEvent(EventKind.glucose, f"g{place}", second, value, sensor="s"))
        if second_sensor and place % 7 == 0:
            told.append(StoredEvent(EventKind.glucose, f"o{place}", second + 9, value + 30, sensor="o"))
    for kind, most in ((EventKind.basal, 0.05), (EventKind.bolus, 0.02)):
        share = draw(st.sampled_from([0.0, 0.002, most]))
        places = np.flatnonzero(random.random(count) < share).tolist()
        times = [NOON - 300 * (count - 1 - place) for place in places]
        told += [StoredEvent(kind, f"i{time}", time, float(random.integers(0, 3))) for time in times]
    return told


@settings(max_examples=25)
@given(events=histories())
def test_what_is_left_out_before_the_lookback_would_not_count(
    tmp_path_factory: pytest.TempPathFactory, base_model: ModelInUse, events: list[StoredEvent]
) -> None:
    store = Store(tmp_path_factory.mktemp("reach"), survives_power_cut=False)
    try:
        wearer, facts = store.wearers.put("anna", "Europe/Berlin"), base_model.now.forecaster.facts
        store.events.put(wearer.number, events, NOON)
        _, short = records_up_to_now(store, wearer, NOON, facts)
        whole = records_of(wearer, told_up_to(store, wearer, NOON, reach_of(facts, facts.lookback)), NOON, facts)
        assert _seen(short, facts) == _seen(whole, facts)
    finally:
        store.close()


def _seen(records: PumpRecords, facts: ExportFacts) -> bytes | str:
    """What the network sees, or why it is not asked."""
    try:
        return lookback_of(taken(records), facts)[1].tobytes()
    except DataError as error:
        return str(error)
