"""`bloodtwin evaluate` takes the forecasts that a test left, if they are of the same checkpoint."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bloodtwin_core.cli.main import main
from bloodtwin_core.cli.tested_model import ForecastModel, stored_or_new
from bloodtwin_core.config import EvaluationSettings, ModelSettings
from bloodtwin_core.evaluation.baselines import persistence
from bloodtwin_core.evaluation.forecasts import without_uncertainty
from bloodtwin_core.evaluation.forecasts_files import INDEX
from bloodtwin_core.evaluation.testing import forecast_windows, store_forecasts
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.personal.evaluation import with_personal_copies
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records import Split
from tests.core.evaluation.hand_made import LOOKBACK, TESTED, two_pumps, unit_scaler

SETTINGS = EvaluationSettings(bootstrap_samples=100)
WINDOWS = two_pumps()
ROWS = WINDOWS.origins[Split.test].rows


def network() -> GlucoseForecaster:
    torch.manual_seed(0)
    return GlucoseForecaster(ModelSettings(hidden_size=4), 12, unit_scaler(), LOOKBACK)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """Forecasts that no network would make, so that one sees where they come from."""
    still = without_uncertainty(lambda rows: persistence(WINDOWS, rows))
    store_forecasts(tmp_path / "forecasts", WINDOWS, still, SETTINGS, TESTED)
    return tmp_path / "forecasts"


def test_forecasts_of_this_checkpoint_are_taken(stored: Path) -> None:
    forecasts, index = stored_or_new(stored, WINDOWS, network(), SETTINGS, TESTED)
    np.testing.assert_array_equal(forecasts.model, persistence(WINDOWS, ROWS))
    assert index.pumps == ("a", "b")


@pytest.mark.parametrize("why", ["another checkpoint", "damaged", "not there"])
def test_else_forecasts_are_made_anew_and_nothing_is_written(why: str, stored: Path, tmp_path: Path) -> None:
    tested = TESTED.model_copy(update={"checkpoint_sha256": "e" * 64}) if why == "another checkpoint" else TESTED
    if why == "damaged":
        (stored / INDEX).write_text("{")
    folder = tmp_path / "nowhere" if why == "not there" else stored
    before = {path.name: path.read_bytes() for path in stored.iterdir()}
    forecasts, index = stored_or_new(folder, WINDOWS, network(), SETTINGS, tested)
    np.testing.assert_allclose(forecasts.model, forecast_windows(network(), WINDOWS, ROWS, 64, "cpu"), atol=1e-3)
    assert index.tested == tested
    assert forecasts.quantiles is not None
    assert {path.name: path.read_bytes() for path in stored.iterdir()} == before
    assert list(tmp_path.iterdir()) == [stored]


def test_each_pump_is_tested_with_its_accepted_copy_and_the_others_with_the_unified_network(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unified = Checkpoint(**{**dict.fromkeys(Checkpoint.__dataclass_fields__), "forecaster": network()})
    torch.manual_seed(1)
    copy = replace(unified, forecaster=GlucoseForecaster(ModelSettings(hidden_size=4), 12, unit_scaler(), LOOKBACK))
    monkeypatch.setattr(
        "bloodtwin_core.personal.evaluation.checkpoint_for",
        lambda pump, _folder, checkpoint: copy if pump == "b" else checkpoint,
    )
    before, _ = stored_or_new(stored, WINDOWS, network(), SETTINGS, TESTED)
    found = with_personal_copies(before, WINDOWS, unified, tmp_path, SETTINGS)
    theirs = before.pump == "b"
    np.testing.assert_array_equal(found.model[~theirs], before.model[~theirs])
    expected = forecast_windows(copy.forecaster, WINDOWS, ROWS[theirs], 64, "cpu")
    np.testing.assert_allclose(found.model[theirs], expected, atol=1e-3)
    np.testing.assert_array_equal(found.rows, before.rows)


def test_a_folder_without_artifacts_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path)]) == 1
    assert "Materialize windowed_tensors first" in capsys.readouterr().err


def test_two_models_are_compared_on_what_both_forecast(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, index = stored_or_new(stored, WINDOWS, network(), SETTINGS, TESTED)
    tested = ForecastModel(WINDOWS, Checkpoint(**dict.fromkeys(Checkpoint.__dataclass_fields__)), ours, index)
    monkeypatch.setattr("bloodtwin_core.cli.compare.tested_model", lambda *_: tested)
    other = tmp_path / "other"
    store_forecasts(
        ArtifactStore(other).test_forecasts,
        WINDOWS,
        without_uncertainty(lambda rows: persistence(WINDOWS, rows) + 10),
        SETTINGS,
        TESTED,
    )
    assert main(["compare", str(tmp_path), str(other)]) == 0
    assert f"Beside {other}, on " in capsys.readouterr().out


@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_what_was_not_tested_is_said_in_a_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [str(tmp_path)] * (2 if command == "compare" else 1)
    assert main([command, *folders]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
