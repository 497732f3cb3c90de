"""An export is one file that agrees with its checkpoint and needs nothing else of this project."""

import math
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.config import Cell, DataSettings, ExportSettings, ModelSettings
from bloodtwin_core.export import export_onnx, export_streaming, export_torchscript, facts_of, parity
from bloodtwin_core.export.onnx_files import write_onnx
from bloodtwin_core.export.onnx_graph import RECORDS_PER_NODE, window_graph
from bloodtwin_core.network.cell import CELLS
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import FEATURES, GLUCOSE_LIMITS, GLUCOSE_RANGES, Clock, Feature, OriginRules, Split, Values
from bloodtwin_core.serving.facts import PAST
from bloodtwin_core.serving.onnx_files import load_onnx, load_streaming
from bloodtwin_core.serving.torchscript import load_torchscript
from bloodtwin_core.windows.scaler import FeatureScaler
from tests.core.tiny import TINY_DATA, awake, tiny_windows

WINDOWS, SCALER = tiny_windows()
EXPORT = ExportSettings(parity_windows=20)


def untrained(cell: Cell, **settings: object) -> Checkpoint:
    torch.manual_seed(0)
    model = ModelSettings.model_validate({"hidden_size": 8, "cell": cell, **settings})
    forecaster = awake(GlucoseForecaster(model, TINY_DATA.horizon, SCALER, TINY_DATA.lookback).eval())
    return checkpoint_of(forecaster, model, TINY_DATA, SCALER)


def checkpoint_of(
    forecaster: GlucoseForecaster, model: ModelSettings, data: DataSettings, scaler: FeatureScaler
) -> Checkpoint:
    return Checkpoint(
        path=Path("x"),
        sha256="0" * 64,
        forecaster=forecaster,
        model=model,
        lookback=data.lookback,
        horizon=data.horizon,
        data_fingerprint="data",
        version="1.2.3",
        scaler=scaler,
        started_from="",
        rules=OriginRules(min_measured_share=0.0, clock=Clock.utc),
    )


def test_a_file_from_before_there_were_quantiles_still_forecasts(tmp_path: Path) -> None:
    checkpoint = untrained(Cell.lstm)
    model = window_graph(checkpoint, EXPORT.opset)
    del model.graph.output[1:]
    facts = facts_of(checkpoint).model_copy(update={"quantile_levels": ()})
    write_onnx(model, facts, tmp_path / "model.onnx")
    network, _ = load_onnx(tmp_path / "model.onnx")
    assert network.forecast(WINDOWS.lookbacks(WINDOWS.origins[Split.test].rows[:2])).quantiles is None
    assert parity(network, checkpoint, WINDOWS, EXPORT).agrees


@pytest.fixture(scope="module", params=list(Cell))
def checkpoint(request: pytest.FixtureRequest) -> Checkpoint:
    return untrained(request.param)


@pytest.fixture(scope="module")
def onnx_file(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_onnx(checkpoint, path, EXPORT)
    return path


def test_onnx_keeps_its_contract(checkpoint: Checkpoint, onnx_file: Path) -> None:
    graph = onnx.load(onnx_file).graph
    shapes = {
        value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.output)
    }
    assert shapes == {
        "input": ["batch", TINY_DATA.lookback, len(FEATURES)],
        "prediction": ["batch", TINY_DATA.horizon],
        "quantiles": ["batch", TINY_DATA.horizon, len(QUANTILE_LEVELS)],
    }
    assert [value.name for value in graph.output] == ["prediction", "quantiles"]
    fused = [node.op_type for node in graph.node if node.op_type in ("LSTM", "GRU", "Loop", "Scan")]
    pieces = math.ceil(TINY_DATA.lookback / RECORDS_PER_NODE)
    assert fused == [checkpoint.model.cell.value.upper()] * checkpoint.model.num_layers * pieces
    assert [p.name for p in onnx_file.parent.iterdir()] == ["model.onnx"], "no weights beside the file"


def test_onnx_agrees_with_the_checkpoint(checkpoint: Checkpoint, onnx_file: Path) -> None:
    predict, facts = load_onnx(onnx_file)
    report = parity(predict, checkpoint, WINDOWS, EXPORT)
    assert report.agrees, report
    assert report.windows == 20
    assert (facts.lookback, facts.horizon, facts.model_version) == (TINY_DATA.lookback, TINY_DATA.horizon, "1.2.3")
    assert facts.feature_units["bg"] == "mg/dL"


@pytest.mark.parametrize("records_per_node", [1, 7, TINY_DATA.lookback, 1000])
def test_the_length_of_pieces_changes_no_forecast(checkpoint: Checkpoint, records_per_node: int) -> None:
    model = window_graph(checkpoint, EXPORT.opset, records_per_node)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    report = parity(lambda windows: session.run(None, {"input": windows})[0], checkpoint, WINDOWS, EXPORT)
    assert report.agrees, report


@pytest.mark.parametrize("opset", [17, 23])
def test_the_oldest_and_newest_operator_sets_give_the_same(checkpoint: Checkpoint, opset: int, tmp_path: Path) -> None:
    settings = EXPORT.model_copy(update={"opset": opset})
    export_onnx(checkpoint, tmp_path / "model.onnx", settings)
    assert onnx.load(tmp_path / "model.onnx").opset_import[0].version == opset
    assert parity(load_onnx(tmp_path / "model.onnx")[0], checkpoint, WINDOWS, EXPORT).agrees


def test_torchscript_agrees_with_the_checkpoint_and_bears_the_same_facts(
    checkpoint: Checkpoint, onnx_file: Path, tmp_path: Path
) -> None:
    export_torchscript(checkpoint, tmp_path / "model.ts")
    predict, facts = load_torchscript(tmp_path / "model.ts")
    assert parity(predict, checkpoint, WINDOWS, EXPORT).agrees
    assert facts == load_onnx(onnx_file)[1]


@pytest.mark.parametrize("quantiles", [True, False])
def test_quantiles_agree_whatever_the_offsets_and_never_cross(quantiles: bool, tmp_path: Path) -> None:
    checkpoint = untrained(Cell.lstm, quantiles=quantiles)
    checkpoint.forecaster.offsets.normal_(0.0, 20.0)
    export_onnx(checkpoint, tmp_path / "model.onnx", EXPORT)
    network, facts = load_onnx(tmp_path / "model.onnx")
    assert facts.quantile_levels == QUANTILE_LEVELS
    report = parity(network, checkpoint, WINDOWS, EXPORT)
    assert report.agrees, report
    lookbacks = WINDOWS.lookbacks(WINDOWS.origins[Split.test].rows[:5]).repeat(len(GLUCOSE_RANGES), axis=0)
    lookbacks[:, -1, Feature.bg.column] = np.repeat([40.0, 60.0, 180.0, 200.0, 300.0], 5)
    found = network.forecast(lookbacks).quantiles
    with torch.inference_mode():
        expected = checkpoint.forecaster.forecast(torch.from_numpy(lookbacks)).quantiles.numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)
    assert (np.diff(found, axis=-1) >= 0).all()


@pytest.mark.parametrize("cell", list(Cell))
@pytest.mark.parametrize("quantiles", [True, False])
def test_an_ensemble_is_one_file_that_gives_its_disagreement(cell: Cell, quantiles: bool, tmp_path: Path) -> None:
    checkpoint = untrained(cell, quantiles=quantiles, ensemble_size=3)
    export_onnx(checkpoint, tmp_path / "model.onnx", EXPORT)
    export_streaming(checkpoint, tmp_path / "model_streaming.onnx", EXPORT)
    export_torchscript(checkpoint, tmp_path / "model.ts")
    whole, facts = load_onnx(tmp_path / "model.onnx")
    stream, streaming_facts = load_streaming(tmp_path / "model_streaming.onnx")
    assert facts.members == 3
    assert all(streaming_facts.states[name] == (3 * 2, "batch", 8) for name in CELLS[cell].states)
    assert streaming_facts.states[PAST] == (3 * TINY_DATA.lookback, "batch", 8)
    for export in (whole, stream, load_torchscript(tmp_path / "model.ts")[0]):
        report = parity(export, checkpoint, WINDOWS, EXPORT)
        assert report.agrees, report
    lookbacks = WINDOWS.lookbacks(WINDOWS.origins[Split.test].rows[:5])
    for disagreement in (whole.forecast(lookbacks).disagreement, stream.forecast(lookbacks).disagreement):
        assert disagreement is not None
        assert disagreement.shape == (5, TINY_DATA.horizon)
        assert (disagreement > 0).all()


@pytest.mark.parametrize("cell", list(Cell))
@pytest.mark.parametrize("settings", [{}, {"quantiles": False, "ensemble_size": 2}])
def test_without_attention_every_export_agrees(cell: Cell, settings: dict[str, object], tmp_path: Path) -> None:
    checkpoint = untrained(cell, attention=False, **settings)
    export_onnx(checkpoint, tmp_path / "model.onnx", EXPORT)
    export_torchscript(checkpoint, tmp_path / "model.ts")
    export_streaming(checkpoint, tmp_path / "model_streaming.onnx", EXPORT)
    stream, facts = load_streaming(tmp_path / "model_streaming.onnx")
    assert set(facts.states) == set(CELLS[cell].states)
    for export in (load_onnx(tmp_path / "model.onnx")[0], stream, load_torchscript(tmp_path / "model.ts")[0]):
        report = parity(export, checkpoint, WINDOWS, EXPORT)
        assert report.agrees, report
    kinds = [node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node]
    pieces = math.ceil(TINY_DATA.lookback / RECORDS_PER_NODE)
    layers = checkpoint.model.num_layers * checkpoint.model.ensemble_size
    assert kinds.count(cell.value.upper()) == layers * pieces


def test_a_horizon_of_two_hours_is_exported(tmp_path: Path) -> None:
    data = TINY_DATA.model_copy(update={"horizon": 24})
    windows, scaler = tiny_windows(settings=data)
    model = ModelSettings(hidden_size=8)
    checkpoint = checkpoint_of(GlucoseForecaster(model, 24, scaler, data.lookback).eval(), model, data, scaler)
    export_onnx(checkpoint, tmp_path / "model.onnx", EXPORT)
    network, facts = load_onnx(tmp_path / "model.onnx")
    assert facts.horizon == 24
    assert network.forecast(windows.lookbacks(windows.origins[Split.test].rows[:3])).quantiles.shape == (3, 24, 7)
    assert parity(network, checkpoint, windows, EXPORT).agrees


def test_unknown_insulin_is_taken_and_an_unknown_reading_is_not_hidden(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with torch.no_grad():
        checkpoint.forecaster.each_member[0].unknown_insulin += torch.tensor([0.5, -0.5])
    export_onnx(checkpoint, tmp_path / "model.onnx", EXPORT)
    export_torchscript(checkpoint, tmp_path / "model.ts")
    network, facts = load_onnx(tmp_path / "model.onnx")
    assert facts.may_be_nan == ("basal_rate", "bolus_dose")
    lookbacks = WINDOWS.lookbacks(WINDOWS.origins[Split.test].rows[:4])
    lookbacks[:2, 3:, Feature.basal_rate.column] = np.nan
    lookbacks[1:, ::2, Feature.bolus_dose.column] = np.nan
    with torch.inference_mode():
        expected = checkpoint.forecaster(torch.from_numpy(lookbacks)).numpy()
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(network(lookbacks), expected, rtol=0, atol=1e-3)
    np.testing.assert_allclose(load_torchscript(tmp_path / "model.ts")[0](lookbacks), expected, rtol=0, atol=1e-3)
    lookbacks[0, 5, Feature.bg.column] = np.nan
    assert np.isnan(network(lookbacks)[0]).all()


def test_an_export_of_other_quantiles_does_not_agree(checkpoint: Checkpoint, tmp_path: Path) -> None:
    export_onnx(checkpoint, tmp_path / "model.onnx", EXPORT)
    network, _ = load_onnx(tmp_path / "model.onnx")
    checkpoint.forecaster.offsets += 0.01
    report = parity(network, checkpoint, WINDOWS, EXPORT)
    checkpoint.forecaster.offsets -= 0.01
    assert not report.agrees
    assert report.largest_difference == pytest.approx(0.01, rel=0.05)


def test_extreme_readings_are_forecast_within_the_limits(onnx_file: Path) -> None:
    predict, _ = load_onnx(onnx_file)
    window = np.zeros((2, TINY_DATA.lookback, len(FEATURES)), dtype=np.float32)
    window[0, :, 0], window[1, :, 0] = 5000.0, -5000.0
    forecast = predict(window)
    assert forecast[0].max() <= GLUCOSE_LIMITS.high
    assert forecast[1].min() >= GLUCOSE_LIMITS.low


def test_an_export_that_differs_or_gives_no_number_does_not_agree(checkpoint: Checkpoint) -> None:
    def shifted(windows: Values) -> Values:
        with torch.inference_mode():
            return checkpoint.forecaster(torch.from_numpy(windows)).numpy() + np.float32(0.01)

    report = parity(shifted, checkpoint, WINDOWS, EXPORT)
    assert not report.agrees
    assert report.largest_difference == pytest.approx(0.01, rel=0.05)
    undefined = parity(lambda windows: shifted(windows) * np.nan, checkpoint, WINDOWS, EXPORT)
    assert not undefined.agrees


def test_the_window_that_differs_most_is_named(checkpoint: Checkpoint) -> None:
    def wrong_once(windows: Values) -> Values:
        with torch.inference_mode():
            forecast = checkpoint.forecaster(torch.from_numpy(windows)).numpy()
        if len(windows) > 1:
            forecast[-1] += 1.0
        return forecast

    report = parity(wrong_once, checkpoint, WINDOWS, EXPORT)
    last = WINDOWS.origins[Split.test].rows[-1]
    assert (report.pump_id, report.origin) == ("pump1", WINDOWS.timestamps[last])


@pytest.mark.parametrize(("load", "asset"), [(load_onnx, "onnx_export"), (load_torchscript, "torchscript_export")])
def test_a_missing_or_damaged_export_says_what_to_materialize(load, asset: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "model"
    with pytest.raises(ArtifactMissing, match=asset):
        load(path)
    path.write_bytes(b"damaged")
    with pytest.raises(ArtifactMissing, match=asset):
        load(path)
