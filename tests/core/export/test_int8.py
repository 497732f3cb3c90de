"""The 8-bit export is written only where it is asked for and costs little, and an older one never stays."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from bloodtwin_core.config import Cell, ExportSettings
from bloodtwin_core.export import Int8Outcome, export_int8, export_onnx, int8
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.records import Split
from bloodtwin_core.serving.onnx_files import load_onnx
from tests.core.export.test_export import WINDOWS, untrained
from tests.core.tiny import TINY_DATA


def outcome(checkpoint: Checkpoint, folder: Path, **settings: object) -> Int8Outcome:
    """Export where an older model_int8.onnx stands."""
    export = ExportSettings.model_validate({"int8": True, "int8_windows": 40, **settings})
    export_onnx(checkpoint, folder / "model.onnx", export)
    (folder / "model_int8.onnx").write_bytes(b"older")
    return export_int8(checkpoint, folder / "model.onnx", folder / "model_int8.onnx", WINDOWS, export)


def test_a_cheap_one_is_written_and_what_it_costs_is_said(tmp_path: Path) -> None:
    checkpoint = untrained(Cell.lstm)
    found = outcome(checkpoint, tmp_path, int8_max_cost=50.0)
    assert found.written
    assert found.trial is not None
    assert f"it costs {found.trial.cost:.3f} mg/dL of MAE AT30" in found.reason
    assert found.trial.windows == 40
    assert found.trial.cost == pytest.approx(found.trial.int8_mae_at_30 - found.trial.mae_at_30)
    assert min(found.trial.milliseconds, found.trial.int8_milliseconds, found.trial.mae_at_30) > 0
    predict, facts = load_onnx(tmp_path / "model_int8.onnx")
    plain, plain_facts = load_onnx(tmp_path / "model.onnx")
    assert facts == plain_facts.model_copy(update={"weights": "int8"})
    lookbacks = WINDOWS.lookbacks(WINDOWS.origins[Split.test].rows[:5])
    assert predict(lookbacks).shape == (5, TINY_DATA.horizon)
    assert abs(predict(lookbacks) - plain(lookbacks)).max() < 5
    kinds = [node.op_type for node in onnx.load(tmp_path / "model_int8.onnx").graph.node]
    assert kinds.count("DynamicQuantizeLSTM") == checkpoint.model.num_layers
    assert "LSTM" not in kinds


@pytest.mark.parametrize("settings", [{"ensemble_size": 2}, {"attention": True}, {"quantiles": False}])
def test_every_kind_of_network_is_quantized_and_keeps_its_quantiles_in_order(
    settings: dict[str, object], tmp_path: Path
) -> None:
    found = outcome(untrained(Cell.lstm, **settings), tmp_path, int8_max_cost=50.0)
    assert found.written, found.reason
    network, facts = load_onnx(tmp_path / "model_int8.onnx")
    assert facts.members == settings.get("ensemble_size", 1)
    lookbacks = WINDOWS.lookbacks(WINDOWS.origins[Split.test].rows[:5])
    small, plain = network.forecast(lookbacks), load_onnx(tmp_path / "model.onnx")[0].forecast(lookbacks)
    assert small.quantiles is not None
    assert (np.diff(small.quantiles, axis=-1) >= 0).all()
    np.testing.assert_allclose(small.quantiles, plain.quantiles, atol=10)


def test_the_figures_are_those_of_the_validation_split(tmp_path: Path) -> None:
    found = outcome(untrained(Cell.lstm), tmp_path, int8_max_cost=50.0, int8_windows=1_000_000)
    assert found.trial is not None
    assert found.trial.windows == len(WINDOWS.origins[Split.validate])


@pytest.mark.parametrize(
    ("added", "written"), [(0.25, False), (0.5, False), (0.125, True), (-1.0, True), (np.nan, False)]
)
def test_only_one_that_costs_less_than_the_limit_is_written(
    added: float, written: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maes = iter([14.0, 14.0 + added])
    monkeypatch.setattr(int8, "_mae_at_30", lambda *_: next(maes))
    found = outcome(untrained(Cell.lstm), tmp_path, int8_max_cost=0.25)
    assert found.written is written
    assert found.reason == (
        f"it costs {added:.3f} mg/dL of MAE AT30" + ("; " if written else ", and ") + "less than 0.25 is asked for"
    )
    left = ["model.onnx", "model_int8.onnx"] if written else ["model.onnx"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left


@pytest.mark.parametrize(
    ("cell", "settings", "said"),
    [
        (Cell.lstm, {"int8": False}, "export.int8 is off"),
        (Cell.gru, {}, "onnxruntime quantizes LSTM layers, not GRU layers"),
    ],
)
def test_where_there_is_none_the_older_one_is_gone_and_the_reason_said(
    cell: Cell, settings: dict[str, object], said: str, tmp_path: Path
) -> None:
    found = outcome(untrained(cell), tmp_path, **settings)
    assert found == Int8Outcome(False, said)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
