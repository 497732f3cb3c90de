"""A training that was broken off ends as an unbroken one, whatever the break left behind."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from bloodtwin_core.config import TrainingMode, TrainingSettings
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.training import CheckpointFolder, FittedModel
from tests.core.tiny import TINY_MODEL, TINY_TRAINING
from tests.core.training.test_fit import Interrupted, stop_after, train

FOUR = TINY_TRAINING.model_copy(update={"max_epochs": 4, "glucose_spread": 0.1, "hide_basal": 0.3, "coarse_basal": 0.3})
Weights = dict[str, torch.Tensor]


def weights(fitted: FittedModel) -> Weights:
    return load_checkpoint(fitted.checkpoint).forecaster.state_dict()


def require_the_same(one: FittedModel, other: FittedModel) -> None:
    for name, tensor in weights(one).items():
        torch.testing.assert_close(weights(other)[name], tensor, rtol=0, atol=0, equal_nan=True)
    assert [report.val_mae for report in one.epochs] == [report.val_mae for report in other.epochs]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> FittedModel:
    return train(tmp_path_factory.mktemp("unbroken"), FOUR)


def broken(folder: Path, training: TrainingSettings = FOUR) -> CheckpointFolder:
    with pytest.raises(Interrupted):
        train(folder, training, **stop_after(2))
    return CheckpointFolder(folder / "checkpoints")


def test_dropout_goes_on_where_it_stood(tmp_path: Path, unbroken: FittedModel) -> None:
    assert TINY_MODEL.dropout > 0
    broken(tmp_path)
    resumed = train(tmp_path, FOUR)
    assert resumed.resumed_from_epoch == 2
    require_the_same(resumed, unbroken)


def test_so_it_does_window_by_window(tmp_path: Path) -> None:
    windowed = FOUR.model_copy(update={"mode": TrainingMode.windowed, "max_epochs": 3})
    broken(tmp_path / "broken", windowed)
    require_the_same(train(tmp_path / "broken", windowed), train(tmp_path / "unbroken", windowed))


def test_a_moved_folder_keeps_its_best_epoch(tmp_path: Path, unbroken: FittedModel) -> None:
    broken(tmp_path / "here")
    shutil.move(tmp_path / "here", tmp_path / "there")
    require_the_same(train(tmp_path / "there", FOUR), unbroken)


def test_a_decision_to_stop_stands_after_a_break(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = FOUR.model_copy(update={"early_stopping_patience": 1, "learning_rate": 1.0, "max_epochs": 30})
    expected = train(tmp_path / "unbroken", impatient)
    assert len(expected.epochs) < impatient.max_epochs
    with monkeypatch.context() as patch:
        patch.setattr(CheckpointFolder, "finish", interrupt)
        with pytest.raises(Interrupted):
            train(tmp_path / "broken", impatient)
    require_the_same(train(tmp_path / "broken", impatient), expected)


def interrupt(*_: object) -> None:
    raise Interrupted


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    """Change bytes in the middle, in numbers that torch.load would take as they come."""
    content = path.read_bytes()
    third = len(content) // 3
    path.write_bytes(content[:third] + bytes(byte ^ 1 for byte in content[third : 2 * third]) + content[2 * third :])


def text(path: Path) -> None:
    path.write_text("not a checkpoint")


def other(path: Path) -> None:
    torch.save({"state_dict": {}}, path)


@pytest.mark.parametrize("damage", [cut, flip, text, other])
def test_a_damaged_last_checkpoint_is_set_aside_and_the_best_one_goes_on(
    tmp_path: Path, unbroken: FittedModel, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    folder = broken(tmp_path)
    damage(folder.in_progress / "last.ckpt")
    with caplog.at_level(logging.WARNING, "bloodtwin_core"):
        fitted = train(tmp_path, FOUR)
    require_the_same(fitted, unbroken)
    assert fitted.resumed_from_epoch is not None
    assert "last.ckpt aside as last.ckpt.damaged" in caplog.text
    assert not folder.in_progress.exists()


def test_so_it_does_where_no_epoch_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = TINY_TRAINING.model_copy(update={"max_epochs": 1})
    expected = train(tmp_path / "expected", one)
    with monkeypatch.context() as patch:
        patch.setattr(CheckpointFolder, "finish", interrupt)
        with pytest.raises(Interrupted):
            train(tmp_path, one)
    cut(CheckpointFolder(tmp_path / "checkpoints").in_progress / "last.ckpt")
    require_the_same(train(tmp_path, one), expected)


@pytest.mark.parametrize("damage", [cut, Path.unlink])
def test_without_a_whole_best_checkpoint_training_begins_anew(
    tmp_path: Path, unbroken: FittedModel, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    folder = broken(tmp_path)
    damage(folder.in_progress / "best.ckpt")
    with caplog.at_level(logging.WARNING, "bloodtwin_core"):
        fitted = train(tmp_path, FOUR)
    assert fitted.resumed_from_epoch is None
    assert "training anew" in caplog.text
    require_the_same(fitted, unbroken)


@pytest.mark.parametrize("moves", range(4))
def test_a_training_that_was_finished_is_published_and_not_trained_again(
    tmp_path: Path, moves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the first move, between two of them, and after the last."""
    before = train(tmp_path, TINY_TRAINING.model_copy(update={"seed": 7}))
    expected = train(tmp_path / "expected")
    with monkeypatch.context() as patch:
        patch.setattr("bloodtwin_core.training.checkpoint_folder.move", stopping_after(moves))
        with pytest.raises(Interrupted):
            train(tmp_path, on_published=interrupt)
    trained: list[object] = []
    fitted = train(tmp_path, on_epoch=trained.append)
    assert not trained
    require_the_same(fitted, expected)
    assert fitted.sha256 == load_checkpoint(fitted.checkpoint).sha256 != before.sha256
    assert not CheckpointFolder(tmp_path / "checkpoints").in_progress.exists()


def stopping_after(moves: int) -> Callable[[Path, Path], None]:
    left = iter(range(moves))

    def move(path: Path, place: Path) -> None:
        if next(left, None) is None:
            raise Interrupted
        path.replace(place)

    return move


def test_where_another_training_follows_the_files_in_place_are_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tmp_path, TINY_TRAINING.model_copy(update={"seed": 7}))
    with monkeypatch.context() as patch:
        patch.setattr("bloodtwin_core.training.checkpoint_folder.move", stopping_after(2))
        with pytest.raises(Interrupted):
            train(tmp_path)
    with pytest.raises(Interrupted):
        train(tmp_path, TINY_TRAINING.model_copy(update={"seed": 8}), **stop_after(0))
    folder = CheckpointFolder(tmp_path / "checkpoints")
    best, last = (torch.load(path, weights_only=True)["hyper_parameters"] for path in (folder.best, folder.last))
    assert best["training"]["seed"] == last["training"]["seed"] == TINY_TRAINING.seed


def test_a_finished_training_whose_files_were_damaged_since_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = train(tmp_path / "expected")
    with monkeypatch.context() as patch:
        patch.setattr("bloodtwin_core.training.checkpoint_folder.move", stopping_after(0))
        with pytest.raises(Interrupted):
            train(tmp_path)
    cut(CheckpointFolder(tmp_path / "checkpoints").in_progress / "best.ckpt")
    require_the_same(train(tmp_path), expected)


def test_the_state_of_chance_is_plain_numbers(tmp_path: Path) -> None:
    folder = broken(tmp_path)
    content = torch.load(folder.in_progress / "last.ckpt", weights_only=True)
    state = content["callbacks"]["RandomState"]
    assert len(state["numpy"][0]) == len(np.random.get_state(legacy=True)[1])
