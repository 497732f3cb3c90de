"""Personal copies: accepted only where validation says so, and never half a folder."""

import dataclasses
from pathlib import Path

import pytest
import torch

from bloodtwin_core.common.errors import ArtifactMissing, CheckpointMismatch
from bloodtwin_core.config import ExportSettings, PersonalSettings
from bloodtwin_core.export import export_onnx, parity
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.personal.storage import PersonalOutcome, checkpoint_for, personal_checkpoint, read_personal_index
from bloodtwin_core.personal.training import fine_tune, judge, personalise
from bloodtwin_core.serving.onnx_files import load_onnx
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.of_pump import windows_of_pump
from tests.core.tiny import TINY_MODEL, TINY_TRAINING, tiny_windows

HELPFUL = PersonalSettings(max_epochs=2, learning_rate=5e-3, min_windows=10)
HARMFUL = PersonalSettings(max_epochs=1, learning_rate=1.0, min_windows=10)


class Interrupted(BaseException):
    """Stands for a kill between two pumps."""


@pytest.fixture(scope="module")
def windows() -> WindowedSeries:
    return tiny_windows(pumps=2)[0]


@pytest.fixture(scope="module")
def unified(windows: WindowedSeries, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("unified")
    scaler = tiny_windows(pumps=2)[1]
    training = TINY_TRAINING.model_copy(update={"max_epochs": 1, "learning_rate": 1e-4})
    return load_checkpoint(
        fit(windows, scaler, TINY_MODEL, training, CheckpointFolder(folder), folder / "logs", "data").checkpoint
    )


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_copy_that_helps_is_accepted(windows: WindowedSeries, unified: Checkpoint, tmp_path: Path) -> None:
    folder = tmp_path / "personal"
    told: list[PersonalOutcome] = []
    index = personalise(windows, unified, TINY_TRAINING, HELPFUL, folder, told.append)
    assert read_personal_index(folder) == index
    assert index.unified_sha256 == unified.sha256
    assert list(index.outcomes) == told
    assert [outcome.pump_id for outcome in told] == ["pump0", "pump1"]
    for outcome in told:
        assert outcome.accepted, "the unified network has hardly been trained"
        assert outcome.validate_before is not None
        assert outcome.validate_after is not None
        assert outcome.validate_after < outcome.validate_before
        assert "fell from" in outcome.reason
        copy = load_checkpoint(personal_checkpoint(folder, outcome.pump_id))
        assert copy.started_from == unified.sha256
        assert copy.scaler == unified.scaler
        copy.require(unified.model, unified.data_fingerprint)
    assert set(files(folder)) == {"personal.json", "pump0.ckpt", "pump1.ckpt"}


def test_a_pump_goes_on_with_its_copy_and_everybody_else_with_the_unified_network(
    windows: WindowedSeries, unified: Checkpoint, tmp_path: Path
) -> None:
    folder = tmp_path / "personal"
    personalise(windows, unified, TINY_TRAINING, HELPFUL, folder)
    assert checkpoint_for("pump0", folder, unified).path == personal_checkpoint(folder, "pump0")
    assert checkpoint_for("somebody new", folder, unified) is unified
    other = dataclasses.replace(unified, sha256="another")
    with pytest.raises(CheckpointMismatch, match=r"another checkpoint.*Materialize personal_checkpoints again"):
        checkpoint_for("pump0", folder, other)


def test_an_accepted_copy_is_exported_as_any_checkpoint(
    windows: WindowedSeries, unified: Checkpoint, tmp_path: Path
) -> None:
    folder, settings = tmp_path / "personal", ExportSettings()
    personalise(windows, unified, TINY_TRAINING, HELPFUL, folder)
    copy = checkpoint_for("pump0", folder, unified)
    export_onnx(copy, tmp_path / "pump0.onnx", settings)
    exported, facts = load_onnx(tmp_path / "pump0.onnx")
    assert facts.checkpoint_sha256 == copy.sha256
    assert parity(exported, copy, windows, settings).agrees
    assert not parity(exported, unified, windows, settings).agrees


def test_the_learning_rate_of_a_copy_falls_within_its_few_epochs(
    windows: WindowedSeries, unified: Checkpoint, tmp_path: Path
) -> None:
    tuned = fine_tune(windows_of_pump(windows, "pump0"), unified, TINY_TRAINING, HELPFUL, tmp_path)
    rates = [epoch.learning_rate for epoch in CheckpointFolder(tmp_path).read_learning_curve()]
    assert tuned.started_from == unified.sha256
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > rates[-1]


def test_a_copy_stands_on_the_way_from_the_unified_weights_to_the_fine_tuned_ones(
    windows: WindowedSeries, unified: Checkpoint, tmp_path: Path
) -> None:
    own = windows_of_pump(windows, "pump0")
    whole, half = (
        fine_tune(own, unified, TINY_TRAINING, HELPFUL.model_copy(update={"strength": strength}), tmp_path / name)
        for name, strength in (("whole", 1.0), ("half", 0.5))
    )
    before = dict(unified.forecaster.named_parameters())
    for (name, at_half), at_end in zip(half.forecaster.named_parameters(), whole.forecaster.parameters(), strict=True):
        torch.testing.assert_close(at_half, (before[name] + at_end) / 2)
    assert not torch.equal(half.forecaster.offsets, (unified.forecaster.offsets + whole.forecaster.offsets) / 2)


def test_a_copy_that_harms_is_not_kept(windows: WindowedSeries, unified: Checkpoint, tmp_path: Path) -> None:
    folder = tmp_path / "personal"
    personalise(windows, unified, TINY_TRAINING, HELPFUL, folder)
    index = personalise(windows, unified, TINY_TRAINING, HARMFUL, folder)
    assert not any(outcome.accepted for outcome in index.outcomes)
    assert all("did not fall" in outcome.reason for outcome in index.outcomes)
    assert set(files(folder)) == {"personal.json"}, "the copies of an earlier run are gone with their verdict"


def test_a_pump_with_too_few_windows_keeps_the_unified_network(
    windows: WindowedSeries, unified: Checkpoint, tmp_path: Path
) -> None:
    index = personalise(windows, unified, TINY_TRAINING, PersonalSettings(min_windows=1000), tmp_path / "personal")
    for outcome in index.outcomes:
        assert not outcome.accepted
        assert outcome.validate_after is None
        assert outcome.reason.startswith(f"too few windows: {outcome.train_windows} to learn from")


def test_a_run_broken_off_leaves_the_earlier_files_whole(
    windows: WindowedSeries, unified: Checkpoint, tmp_path: Path
) -> None:
    folder = tmp_path / "personal"
    personalise(windows, unified, TINY_TRAINING, HELPFUL, folder)
    before = files(folder)

    def kill(_outcome: PersonalOutcome) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        personalise(windows, unified, TINY_TRAINING, HARMFUL, folder, kill)
    assert files(folder) == before
    assert list(tmp_path.iterdir()) == [folder]


def test_nothing_yet_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing, match=r"personal\.json.*Materialize personal_checkpoints"):
        read_personal_index(tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "accepted", "reason"),
    [
        (10.0, 9.9, True, "fell from 10.000 to 9.900"),
        (10.0, 10.0, False, "did not fall"),
        (None, 9.0, False, "no validation window"),
    ],
)
def test_only_a_lower_validation_error_is_accepted(
    before: float | None, after: float | None, accepted: bool, reason: str
) -> None:
    verdict, why = judge(before, after)
    assert verdict is accepted
    assert reason in why
