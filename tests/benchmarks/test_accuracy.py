"""The study of accuracy: its variants are settings that exist, and a training is not repeated."""

import json
from pathlib import Path

import pytest

from benchmarks.accuracy.__main__ import table, train
from benchmarks.accuracy.variants import VARIANTS
from bloodtwin_core.config import ModelSettings, TrainingSettings


@pytest.mark.parametrize("name", list(VARIANTS))
def test_every_variant_is_made_of_settings(name: str) -> None:
    ModelSettings(**VARIANTS[name].model)
    TrainingSettings(**VARIANTS[name].training)


def test_what_was_trained_before_is_not_trained_again_and_the_best_comes_first(tmp_path: Path) -> None:
    lines = [("default", 42, 14.5), ("default", 43, 14.3), ("everyone", 42, 14.2)]
    done = [json.dumps({"variant": variant, "seed": seed, "val_mae": mae}) for variant, seed, mae in lines]
    (tmp_path / "trainings.jsonl").write_text("\n".join(done) + "\n")
    train("default", 42, tmp_path / "nowhere", None, tmp_path)
    rows = table(tmp_path).splitlines()[2:]
    assert [row.split(" | ")[0] for row in rows] == ["| everyone", "| default"]
    assert "14.40 | 14.30, 14.50" in rows[1]
