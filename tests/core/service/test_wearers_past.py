"""A service whose model reads the wearer's past is told it from what is stored, also after it starts again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import Clock
from bloodtwin_core.service.engine import Engine, stored
from bloodtwin_core.service.gridding import records_of, told_up_to
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.nightly import night_of
from bloodtwin_core.service.store import EventKind, Store, StoredEvent, Wearer
from bloodtwin_core.serving import Forecast, Forecaster
from tests.core.service.days import NOON, glucose_at
from tests.core.serving.small_models import exports_with_past

DAY = 86_400
DATA = DataSettings(lookback=24, horizon=12)
BEGUN = NOON - 10 * DAY


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelInUse:
    return ModelInUse(str(exports_with_past(tmp_path_factory.mktemp("model"), DATA, Clock.utc)))


def events() -> list[StoredEvent]:
    """Ten days of readings with holes, a gap that ends a segment, a basal rate that changes and boluses."""
    told = []
    for place, second in enumerate(range(BEGUN, NOON + 1, 300)):
        if place % 29 and not 900 < place < 1100:
            told.append(StoredEvent(EventKind.glucose, f"g{place}", second, glucose_at(second) + place % 5, sensor="s"))
        if place % 12 == 0:
            told.append(StoredEvent(EventKind.basal, f"b{place}", second, 0.5 + place % 7 / 10))
        if place % 70 == 0:
            told.append(StoredEvent(EventKind.bolus, f"d{place}", second + 7, 2.0))
    return told


def newer() -> list[StoredEvent]:
    """The readings of one more hour."""
    seconds = range(NOON + 300, NOON + 3601, 300)
    return [StoredEvent(EventKind.glucose, f"n{second}", second, glucose_at(second), sensor="s") for second in seconds]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("store"), survives_power_cut=False)
    store.events.put(store.wearers.put("anna", "UTC").number, events(), NOON)
    yield store
    store.close()


@pytest.fixture(scope="module")
def anna(store: Store) -> Wearer:
    wearer = store.wearers.named("anna")
    assert wearer is not None
    return wearer


class Standing:
    def __init__(self, second: int) -> None:
        self.second = second

    def __call__(self) -> float:
        return float(self.second)


def forecast(engine: Engine, wearer: Wearer) -> Forecast:
    [made] = engine.outlooks([wearer])
    assert made.outlook.forecast is not None, made.outlook.refusals
    return made.outlook.forecast


def test_the_forecast_is_that_of_the_whole_history(model: ModelInUse, store: Store, anna: Wearer) -> None:
    forecaster = model.now.forecaster
    assert forecaster.facts.wearer_past
    live = forecast(Engine(store, model, Standing(NOON)), anna)
    records = records_of(anna, told_up_to(store, anna, NOON, 12 * DAY), NOON, forecaster.facts)
    np.testing.assert_allclose(live.glucose, forecaster.forecast(records).glucose, atol=1e-3)
    unknown = forecaster.forecast(records.rows(len(records) - forecaster.facts.lookback, len(records)))
    assert np.abs(live.glucose - unknown.glucose).max() > 1e-2, "it makes something of it"


def test_a_service_that_starts_again_says_what_one_that_ran_for_days_does(
    model: ModelInUse, store: Store, anna: Wearer
) -> None:
    clock = Standing(NOON - 3 * DAY)
    running = Engine(store, model, clock)
    while clock.second < NOON:
        forecast(running, anna)
        clock.second += DAY // 2
    begun = forecast(Engine(store, model, Standing(NOON)), anna)
    np.testing.assert_allclose(forecast(running, anna).glucose, begun.glucose, atol=1e-3)


def test_a_night_finds_live_forecasts_to_be_those_of_the_batch(model: ModelInUse, store: Store, anna: Wearer) -> None:
    clock = Standing(NOON - DAY)
    engine = Engine(store, model, clock)
    made = []
    for _ in range(10):
        [outlook] = engine.outlooks([anna])
        made.append((anna.number, stored(outlook)))
        clock.second += 3600
    store.forecasts.put(made)
    night = night_of(store, model.now, NOON - DAY - 600, NOON)
    assert night.compared > 5
    assert night.largest < 1e-3


def test_somebody_new_is_forecast_without_a_past(model: ModelInUse, tmp_path: Path) -> None:
    store = Store(tmp_path, survives_power_cut=False)
    wearer = store.wearers.put("new", "UTC")
    store.events.put(wearer.number, [event for event in events() if event.second > NOON - DAY], NOON)
    live = forecast(Engine(store, model, Standing(NOON)), wearer)
    records = records_of(wearer, told_up_to(store, wearer, NOON, DAY), NOON, model.now.forecaster.facts)
    np.testing.assert_allclose(live.glucose, Forecaster.load(model.now.path).forecast(records).glucose, atol=1e-3)
    store.close()


def test_a_history_that_comes_later_counts_within_the_hour(
    model: ModelInUse, tmp_path: Path, store: Store, anna: Wearer
) -> None:
    other = Store(tmp_path, survives_power_cut=False)
    wearer, clock = other.wearers.put("anna", "UTC"), Standing(NOON)
    engine = Engine(other, model, clock)
    other.events.put(wearer.number, [event for event in events() if event.second > NOON - 3 * DAY], NOON)
    before = forecast(engine, wearer)
    other.events.put(wearer.number, events(), NOON + 1)
    clock.second += 3600
    other.events.put(wearer.number, newer(), NOON + 2)
    store.events.put(anna.number, newer(), NOON + 2)
    after = forecast(engine, wearer)
    whole = forecast(Engine(store, model, clock), anna)
    np.testing.assert_allclose(after.glucose, whole.glucose, atol=1e-3)
    assert before.origin != after.origin
    other.close()
