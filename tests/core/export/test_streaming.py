"""The streaming export: one record at a time gives what a whole lookback gives."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from bloodtwin_core.common.errors import ArtifactMissing, SettingsError
from bloodtwin_core.config import Cell, DataSettings, ExportSettings, ModelSettings
from bloodtwin_core.export import export_onnx, export_streaming, parity
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import FEATURES, PumpRecords, Split
from bloodtwin_core.serving.onnx_files import load_onnx, load_streaming
from bloodtwin_core.serving.streaming_network import States, StreamingNetwork
from bloodtwin_core.sources.azt1d.importer import histories
from bloodtwin_core.windows import window_series
from bloodtwin_core.windows.scaler import fit_scaler
from tests.core.export.test_export import EXPORT, WINDOWS, checkpoint_of, untrained
from tests.core.tiny import TINY_DATA, awake

AZT1D = Path(__file__).parents[3].parent / "shared" / "data" / "azt1d"


NETWORKS = [(cell, attention, members) for cell in Cell for attention in (True, False) for members in (1, 2)]


@pytest.fixture(scope="module", params=NETWORKS)
def checkpoint(request: pytest.FixtureRequest) -> Checkpoint:
    cell, attention, members = request.param
    return untrained(cell, attention=attention, ensemble_size=members)


def states_of(checkpoint: Checkpoint) -> dict[str, tuple[int | str, ...]]:
    """What the network carries from record to record, and its shape."""
    members = checkpoint.model.ensemble_size
    layers = ["hidden", "cell"] if checkpoint.model.cell is Cell.lstm else ["hidden"]
    past = {"past": (members * TINY_DATA.lookback, "batch", 8), "seen": (1, "batch", 1)}
    return {**dict.fromkeys(layers, (members * 2, "batch", 8)), **(past if checkpoint.model.attention else {})}


@pytest.fixture(scope="module")
def files(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streaming")
    export_streaming(checkpoint, folder / "model_streaming.onnx", EXPORT)
    export_onnx(checkpoint, folder / "model.onnx", EXPORT)
    return folder


def test_the_streaming_export_keeps_its_contract(checkpoint: Checkpoint, files: Path) -> None:
    graph = onnx.load(files / "model_streaming.onnx").graph
    shapes = {
        value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.output)
    }
    carried = states_of(checkpoint)
    states = list(carried)
    assert [value.name for value in graph.input] == ["reading", *states]
    assert [value.name for value in graph.output] == [
        "prediction",
        *(f"{state}_out" for state in states),
        "quantiles",
        *(["disagreement"] if checkpoint.model.ensemble_size > 1 else []),
    ]
    assert shapes["reading"] == ["batch", len(FEATURES)]
    assert shapes["prediction"] == ["batch", TINY_DATA.horizon]
    assert shapes["quantiles"] == ["batch", TINY_DATA.horizon, len(QUANTILE_LEVELS)]
    for state, shape in carried.items():
        assert shapes[state] == shapes[f"{state}_out"] == list(shape)
    fused = [node.op_type for node in graph.node if node.op_type in ("LSTM", "GRU", "Loop", "Scan")]
    assert fused == [checkpoint.model.cell.value.upper()] * (
        checkpoint.model.num_layers * checkpoint.model.ensemble_size
    )
    assert sorted(path.name for path in files.iterdir()) == ["model.onnx", "model_streaming.onnx"]


def test_the_facts_name_the_states_and_their_shapes(checkpoint: Checkpoint, files: Path) -> None:
    _, facts = load_streaming(files / "model_streaming.onnx")
    assert facts.states == states_of(checkpoint)
    assert facts.model_copy(update={"states": {}}) == load_onnx(files / "model.onnx")[1]


def test_a_streamed_lookback_gives_what_the_whole_lookback_gives(checkpoint: Checkpoint, files: Path) -> None:
    stream, _ = load_streaming(files / "model_streaming.onnx")
    whole, _ = load_onnx(files / "model.onnx")
    lookbacks = WINDOWS.lookbacks(WINDOWS.origins[Split.test].rows)
    np.testing.assert_allclose(stream(lookbacks), whole(lookbacks), rtol=0, atol=1e-3)
    assert parity(stream, checkpoint, WINDOWS, EXPORT).agrees


@pytest.mark.parametrize("records", [1, 2, TINY_DATA.lookback - 1])
def test_less_than_a_lookback_gives_what_the_checkpoint_makes_of_it(
    checkpoint: Checkpoint, files: Path, records: int
) -> None:
    """What no record has filled yet must not be attended to."""
    stream, _ = load_streaming(files / "model_streaming.onnx")
    short = WINDOWS.lookbacks(WINDOWS.origins[Split.test].rows[:4])[:, :records]
    with torch.inference_mode():
        expected = checkpoint.forecaster.forecast(torch.from_numpy(short)).quantiles.numpy()
    np.testing.assert_allclose(stream.forecast(short).quantiles, expected, rtol=0, atol=1e-3)


def test_a_long_stream_gives_what_a_dense_scan_gives(checkpoint: Checkpoint, files: Path) -> None:
    """Past a lookback, attention lets go of the oldest state with each record."""
    stream, _ = load_streaming(files / "model_streaming.onnx")
    records = WINDOWS.series[None, : 3 * TINY_DATA.lookback].copy()
    at = torch.zeros(records.shape[:2], dtype=torch.bool)
    at[0, -1] = True
    with torch.inference_mode():
        expected = checkpoint.forecaster.forecast_at_steps(torch.from_numpy(records), at).quantiles.numpy()
    np.testing.assert_allclose(stream.forecast(records).quantiles, expected, rtol=0, atol=1e-3)


def test_wearers_who_began_at_different_times_share_a_batch(files: Path) -> None:
    stream, _ = load_streaming(files / "model_streaming.onnx")
    after = [fed(stream, count) for count in (3, TINY_DATA.lookback + 6)]
    together = {name: np.concatenate([states[name] for states in after], axis=1) for name in after[0]}
    reading = WINDOWS.series[40:41].copy()
    alone = [stream.step(reading, states)[0] for states in after]
    found, _ = stream.step(np.repeat(reading, 2, axis=0), together)
    np.testing.assert_allclose(found, np.concatenate(alone), rtol=0, atol=1e-3)


def fed(stream: StreamingNetwork, count: int) -> States:
    """The states after the first records of the series."""
    states = stream.zero_states()
    for row in range(count):
        _, states = stream.step(WINDOWS.series[row : row + 1].copy(), states)
    return states


def test_wearers_in_one_batch_do_not_see_each_other(files: Path) -> None:
    stream, _ = load_streaming(files / "model_streaming.onnx")
    lookbacks = WINDOWS.lookbacks(WINDOWS.origins[Split.test].rows[:3])
    alone = np.concatenate([stream(lookback[None]) for lookback in lookbacks])
    np.testing.assert_allclose(stream(lookbacks), alone, rtol=0, atol=1e-3)


def test_a_step_leaves_the_states_it_was_given_alone(files: Path) -> None:
    stream, _ = load_streaming(files / "model_streaming.onnx")
    states = stream.zero_states()
    _, after = stream.step(WINDOWS.series[:1].copy(), states)
    assert all(not state.any() for state in states.values())
    assert all(state.any() for state in after.values())


def test_each_loader_says_when_it_is_given_the_other_kind(files: Path) -> None:
    with pytest.raises(SettingsError, match=r"takes whole lookbacks.*model_streaming\.onnx"):
        load_streaming(files / "model.onnx")
    with pytest.raises(SettingsError, match=r"takes one record at a time.*model\.onnx"):
        load_onnx(files / "model_streaming.onnx")


def test_a_missing_streaming_export_says_what_to_materialize(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing, match="streaming_export"):
        load_streaming(tmp_path / "model_streaming.onnx")


@pytest.mark.skipif(not (AZT1D / "CGM Records").is_dir(), reason="the AZT1D files are not in ../shared/data")
@pytest.mark.parametrize("cell", list(Cell))
def test_on_published_records_a_streamed_day_gives_what_the_whole_day_gives(cell: Cell, tmp_path: Path) -> None:
    """Full size: 288 records of a real wearer, the default network. Its weights are random, which changes nothing."""
    records = next(iter(histories(DataSettings(root=str(AZT1D), pump_ids=["1"])))).records
    splits = [(split, part(records, number)) for number, split in enumerate(Split)]
    scaler, settings = fit_scaler([splits[0][1]]), DataSettings()
    windows = window_series(splits, scaler, settings)
    torch.manual_seed(0)
    model = ModelSettings(cell=cell)
    forecaster = awake(GlucoseForecaster(model, settings.horizon, scaler, settings.lookback).eval())
    checkpoint = checkpoint_of(forecaster, model, settings, scaler)
    export_onnx(checkpoint, tmp_path / "model.onnx", ExportSettings())
    export_streaming(checkpoint, tmp_path / "model_streaming.onnx", ExportSettings())
    rows = windows.origins[Split.test].rows
    lookbacks = windows.lookbacks(rows[np.linspace(0, len(rows) - 1, 32).astype(np.int64)])
    whole, stream = load_onnx(tmp_path / "model.onnx")[0], load_streaming(tmp_path / "model_streaming.onnx")[0]
    assert lookbacks.shape[1:] == (288, 8)
    np.testing.assert_allclose(stream(lookbacks), whole(lookbacks), rtol=0, atol=1e-3)


def part(records: PumpRecords, number: int) -> PumpRecords:
    third = len(records) // len(Split)
    return records.rows(number * third, (number + 1) * third)
