"""The study of unseen people as a command, on a few days of virtual wearers."""

import json
from pathlib import Path

import pytest

from benchmarks.unseen_people.__main__ import main
from benchmarks.unseen_people.folds import folds_of, left_out_folds
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records import FEATURES, PAST_FEATURES
from bloodtwin_core.sources.settings import settings_model

SETTINGS = {
    "data": {"simulator": {"pumps": 3, "days": 8}, "lookback": 36},
    "model": {"hidden_size": 4, "num_layers": 1, "dropout": 0.0},
    "training": {"max_epochs": 1, "chunk_length": 96, "burn_in": 24, "threads": 1, "device": "cpu"},
    "personal": {"max_epochs": 1, "min_windows": 50},
}


def test_a_person_is_in_one_fold_only() -> None:
    folds = folds_of(["a", "b", "c", "d", "e"], {"anna": ["a", "d"]}, 2)
    assert sorted(pump for fold in folds for pump in fold) == ["a", "b", "c", "d", "e"]
    assert any({"a", "d"} <= set(fold) for fold in folds)


@pytest.mark.parametrize("folds", [1, 4])
def test_more_folds_than_people_are_refused(folds: int) -> None:
    with pytest.raises(SettingsError, match="number of people, 3"):
        folds_of(["a", "b", "c"], {}, folds)


def test_the_command_leaves_table_picture_and_trials(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, out = tmp_path / "settings.json", tmp_path / "out"
    config.write_text(json.dumps(SETTINGS))
    command = ["--config", str(config), "--out", str(out), "--folds", "3"]
    assert main(command) == 0
    table = capsys.readouterr().out
    assert "3 people who were left out of training, a fold at a time, and meet one network of everybody else" in table
    assert "| all |" in table
    assert table == (out / "left_out.md").read_text() + "\n" + (out / "unseen_people.md").read_text()
    (everybody,) = [line for line in table.splitlines() if line.startswith("| all | 3 |")]
    assert f"{int(everybody.split(' | ')[2].replace(',', '')):,} complete test windows" in table
    assert (out / "unseen_people.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads((out / "unseen_people.json").read_text())
    assert [row["days"] for row in found["rows"]] == [0, 1, 3, 7, 14, None]
    assert len(found["trials"]) == 3 * 6
    trained = (out / "fold_1" / "checkpoints" / "best.ckpt").stat().st_mtime_ns
    assert main(command) == 0
    assert (out / "fold_1" / "checkpoints" / "best.ckpt").stat().st_mtime_ns == trained, "it was trained already"
    assert capsys.readouterr().out == table
    assert main([*command, "--left-out-on", "validate"]) == 0
    validate = capsys.readouterr().out
    assert "| all | 3 |" in validate
    assert "complete validate windows" in validate
    assert validate not in table


def test_networks_of_the_folds_read_the_past_where_it_is_asked_for(tmp_path: Path) -> None:
    settings = settings_model().model_validate({**SETTINGS, "model": {**SETTINGS["model"], "past": True}})
    fold = next(left_out_folds(settings, tmp_path, 3))
    assert fold.windows.features == fold.base.forecaster.features == (*FEATURES, *PAST_FEATURES)


def test_a_wrong_setting_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(tmp_path / "none.json")]) == 1
    assert "cannot be read" in capsys.readouterr().err
