"""However readings arrive (late, twice, out of order, revised), the forecast is that of the same readings in order."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.service.engine import Engine
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.store import EventKind, Store, StoredEvent
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
