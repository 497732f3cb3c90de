"""A stream takes all of what it is fed or nothing, also where threads share it."""

import threading
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import Values
from bloodtwin_core.serving import StreamingForecaster
from bloodtwin_core.serving.facts import ExportedForecast
from bloodtwin_core.serving.streaming_network import States, StreamingNetwork
from tests.core.serving.small_models import LOOKBACK, a_day, rules, small_exports


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_exports(tmp_path_factory.mktemp("shared"), rules()) / "model_streaming.onnx"


def test_eight_threads_that_feed_the_same_records_count_each_once(path: Path) -> None:
    records = a_day(300)
    shared, alone = StreamingForecaster.load(path), StreamingForecaster.load(path)
    refused: list[DataError] = []
    start = threading.Barrier(8)

    def feed_all() -> None:
        start.wait()
        for row in range(len(records)):
            try:
                shared.feed(records.rows(row, row + 1))
            except DataError as error:
                refused.append(error)

    threads = [threading.Thread(target=feed_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for row in range(len(records)):
        alone.feed(records.rows(row, row + 1))
    assert shared._carried.count == len(records)
    assert len(refused) == 7 * len(records)
    np.testing.assert_array_equal(shared.forecast().glucose, alone.forecast().glucose)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_breaks_in_the_middle_of_a_feed_leaves_nothing_of_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    records = a_day(3 * LOOKBACK)
    stream, whole = StreamingForecaster.load(path), StreamingForecaster.load(path)
    stream.feed(records.rows(0, LOOKBACK))
    before = stream.forecast()
    step, steps = StreamingNetwork.step_forecast, iter(range(1000))

    def breaks(self: StreamingNetwork, record: Values, states: States) -> tuple[ExportedForecast, States]:
        if next(steps) == 5:
            raise error
        return step(self, record, states)

    monkeypatch.setattr(StreamingNetwork, "step_forecast", breaks)
    with pytest.raises(error):
        stream.feed(records.rows(LOOKBACK, len(records)))
    monkeypatch.undo()
    assert stream.forecast().origin == before.origin
    np.testing.assert_array_equal(stream.forecast().glucose, before.glucose)
    stream.feed(records.rows(LOOKBACK, len(records)))
    whole.feed(records)
    np.testing.assert_array_equal(stream.forecast().glucose, whole.forecast().glucose)


def test_feeding_changes_nothing_of_what_was_fed(path: Path) -> None:
    records = a_day()
    kept = records.values.copy()
    stream = StreamingForecaster.load(path)
    stream.feed(records.rows(0, 3))
    stream.feed(records.rows(3, len(records)))
    np.testing.assert_array_equal(records.values, kept)
