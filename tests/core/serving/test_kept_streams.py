"""A stream that was saved goes on from its file as if it had never stopped."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.serving import StreamingForecaster
from tests.core.serving.small_models import LOOKBACK, a_day, rules, small_exports, without_reading


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_exports(tmp_path_factory.mktemp("kept"), rules()) / "model_streaming.onnx"


@pytest.mark.parametrize("stopped", [0, 1, LOOKBACK // 2, LOOKBACK, LOOKBACK + 3])
def test_a_stream_goes_on_where_it_was(path: Path, tmp_path: Path, stopped: int) -> None:
    records = without_reading(a_day(LOOKBACK + 6), LOOKBACK - 2, LOOKBACK - 1)
    whole, first, second = (StreamingForecaster.load(path) for _ in range(3))
    whole.feed(records)
    if stopped:
        first.feed(records.rows(0, stopped))
    first.save(tmp_path / "stream.npz")
    second.restore(tmp_path / "stream.npz")
    second.feed(records.rows(stopped, len(records)))
    expected, told = whole.forecast(), second.forecast()
    assert told.origin == expected.origin
    np.testing.assert_array_equal(told.glucose, expected.glucose)
    np.testing.assert_array_equal(told.quantiles, expected.quantiles)


def test_a_forecast_needs_no_new_record(path: Path, tmp_path: Path) -> None:
    first, second = StreamingForecaster.load(path), StreamingForecaster.load(path)
    first.feed(a_day())
    first.save(tmp_path / "stream.npz")
    second.restore(tmp_path / "stream.npz")
    np.testing.assert_array_equal(second.forecast().glucose, first.forecast().glucose)
    with pytest.raises(DataError, match="carries the state of pump"):
        second.feed(type(a_day())("another", a_day().timestamps, a_day().values))


@pytest.mark.parametrize("kept", [b"", b"PK\x03\x04", b"nonsense"])
def test_a_damaged_file_is_told_and_changes_nothing(path: Path, tmp_path: Path, kept: bytes) -> None:
    stream, file = StreamingForecaster.load(path), tmp_path / "stream.npz"
    stream.feed(a_day())
    before = stream.forecast()
    file.write_bytes(kept)
    for there in (file, tmp_path / "nowhere.npz"):
        with pytest.raises(DataError, match="Feed the last day of records"):
            stream.restore(there)
    np.testing.assert_array_equal(stream.forecast().glucose, before.glucose)


def test_a_changed_byte_is_noticed(path: Path, tmp_path: Path) -> None:
    stream, file = StreamingForecaster.load(path), tmp_path / "stream.npz"
    stream.feed(a_day())
    stream.save(file)
    content = bytearray(file.read_bytes())
    state = next(iter(stream._carried.states.values()))
    content[content.index(state.tobytes())] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(DataError, match="Feed the last day of records"):
        stream.restore(file)


def test_another_models_file_is_refused(path: Path, tmp_path: Path) -> None:
    stream = StreamingForecaster.load(path)
    stream.save(tmp_path / "stream.npz")
    object.__setattr__(stream.network, "facts", stream.facts.model_copy(update={"checkpoint_sha256": "f" * 64}))
    with pytest.raises(DataError, match="kept by another model"):
        stream.restore(tmp_path / "stream.npz")
