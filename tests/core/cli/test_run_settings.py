"""What the options of `bloodtwin run` make of a file of settings."""

import argparse
from pathlib import Path

import pytest

from bloodtwin_core.cli.run import add_arguments
from bloodtwin_core.cli.run_settings import run_config
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import PRETRAINED
from bloodtwin_core.pipeline.run_config import RunConfig
from bloodtwin_core.pretrained import base_forecaster
from bloodtwin_core.pretrained.files import is_shipped
from bloodtwin_core.sources.settings import settings_model
from tests.core.sources.device_exports.test_device_exports import clarity, egv


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BLOODTWIN_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "my-exports"
    folder.mkdir()
    (folder / "clarity.csv").write_text(clarity([egv("2026-01-31T12:00:00", 120)]))
    return folder


def asked(*arguments: str | Path) -> RunConfig:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run_config(parser.parse_args([str(argument) for argument in arguments]))


def test_nothing_asked_is_the_defaults() -> None:
    assert asked().settings() == settings_model()()
    assert asked().root == "artifacts"


def test_own_exports_to_an_own_model_take_one_command(exports: Path) -> None:
    settings = asked(exports, "--zone", "Europe/Berlin", "--set", "vendor.glucose_unit=mg/dL").settings()
    assert (settings.data.source, settings.data.root) == ("vendor", str(exports))
    assert settings.data.vendor.time_zone == "Europe/Berlin"
    assert settings.data.vendor.glucose_unit == "mg/dL"


@pytest.mark.skipif(not is_shipped(), reason="this checkout has no base model")
def test_to_go_on_from_the_base_model_brings_its_shape_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    settings = asked("--start-from", PRETRAINED).settings()
    assert (settings.training.start_from, settings.model.ensemble_size) == (PRETRAINED, 3)
    assert settings.training.learning_rate == pytest.approx(3e-4)
    assert settings.model.past is bool(base_forecaster().facts.wearer_past)
    assert not asked("--start-from", PRETRAINED, "--set", "model.past=false").settings().model.past
    (tmp_path / "my.yaml").write_text("training: {learning_rate: 0.001}")
    assert asked("--config", "my.yaml", "--start-from", PRETRAINED).settings().training.learning_rate == 0.001


def test_the_file_is_the_one_given_or_that_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text("model: {name: mine}\nartifacts: {root: out}")
    (tmp_path / "other.yaml").write_text("model: {name: other}")
    monkeypatch.setenv("BLOODTWIN_CONFIG", str(tmp_path / "mine.yaml"))
    assert (asked().settings().model.name, asked().root) == ("mine", "out")
    assert asked("--artifacts", "elsewhere").root == "elsewhere"
    assert asked("--config", "other.yaml").settings().model.name == "other"
    assert asked("--config", "other.yaml", "--set", "model.name=third").settings().model.name == "third"


def test_an_address_is_fetched_to_a_folder_of_its_own() -> None:
    data = asked("https://site.example").settings().data
    assert (data.source, data.root, data.nightscout.url) == ("nightscout", "fetched", "https://site.example")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["my-exports/clarity.csv"], "is a file. Name the folder"),
        (["--zone", "Europe/Berlin"], "data.source simulator takes no zone"),
        (["my-exports", "--zone", "Berlin"], "'Berlin' is not a time zone"),
        (["my-exports", "--source", "dexcom"], "--source dexcom is not known"),
    ],
)
def test_what_does_not_fit_is_said(exports: Path, arguments: list[str], said: str) -> None:
    assert exports.is_dir()
    with pytest.raises(SettingsError) as raised:
        asked(*arguments)
    assert said in str(raised.value)
