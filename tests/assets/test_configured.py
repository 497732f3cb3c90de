"""The file that BLOODTWIN_CONFIG names: what a run takes that says nothing, and what the Launchpad opens with."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from bloodtwin_assets.common.identity import DATA_TAG, MODEL_TAG, data_name
from bloodtwin_assets.configured import CONFIG_VARIABLE
from bloodtwin_assets.definitions import build_defs
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import Cell, DataSettings, TrainingMode
from bloodtwin_core.config.sources import TrainOnlySource
from bloodtwin_core.sources.settings import settings_model

MINE: dict[str, Any] = {
    "data": {
        "source": "bloodbank",
        "root": "my/folder",
        "pump_ids": ["881235"],
        "simulator": {"days": 9},
        "learn_also_from": [{"source": "brist1d", "root": "b", "pump_ids": ["P02"]}],
    },
    "model": {"name": "mine", "hidden_size": 16, "cell": "gru"},
    "training": {"max_epochs": 5, "mode": "windowed"},
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump({**MINE, "artifacts": {"root": "out"}}))
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    return path


def run_with(config: dict[str, Any], instance: dg.DagsterInstance) -> tuple[SettingsResource, ArtifactsResource]:
    """What a run of the graph's job gets that was started with this run config."""
    got: list[Any] = []

    @dg.asset
    def look(settings: SettingsResource, artifacts: ArtifactsResource) -> None:
        got.extend([settings, artifacts])

    jobs = [dg.define_asset_job("look_job", selection=[look])]
    job = dg.Definitions.merge(build_defs(), dg.Definitions(assets=[look], jobs=jobs)).resolve_job_def("look_job")
    job.execute_in_process(run_config=config, instance=instance)
    return got[0], got[1]


@pytest.mark.usefixtures("file")
def test_a_run_that_says_nothing_takes_the_file() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        settings, artifacts = run_with({}, instance)
    assert settings.plain() == settings_model().model_validate(MINE)
    assert settings.model.cell is Cell.gru
    assert settings.training.mode is TrainingMode.windowed
    assert settings.plain().data.learn_also_from == [TrainOnlySource(source="brist1d", root="b", pump_ids=["P02"])]
    assert artifacts.store(settings).folder == Path("out/mine")


@pytest.mark.usefixtures("file")
def test_changing_one_setting_keeps_the_others_of_the_file() -> None:
    change = {"training": {"max_epochs": 7}, "data": {"simulator": {"seed": 3}}}
    with dg.DagsterInstance.ephemeral() as instance:
        settings, artifacts = run_with({"resources": {"settings": {"config": change}}}, instance)
    assert settings.training.max_epochs == 7
    assert settings.training.mode is TrainingMode.windowed
    assert settings.data.simulator.model_dump() == {**settings.data.simulator.model_dump(), "days": 9, "seed": 3}
    assert settings.data.root == "my/folder"
    assert settings.model.name == "mine"
    assert artifacts.root == "out"


def test_the_file_is_read_for_every_run(file: Path) -> None:
    for epochs in (3, 4):
        file.write_text(f"training: {{max_epochs: {epochs}}}")
        with dg.DagsterInstance.ephemeral() as instance:
            settings, _ = run_with({}, instance)
        assert settings.training.max_epochs == epochs


@pytest.mark.usefixtures("file")
def test_the_launchpad_opens_filled_with_the_file() -> None:
    schema = build_defs().get_repository_def().get_top_level_resources()["settings"].config_schema  # type: ignore[attr-defined]
    fields = schema.config_type.fields
    assert fields["training"].config_type.fields["max_epochs"].default_value == 5
    assert fields["model"].config_type.fields["name"].default_value == "mine"
    assert fields["data"].config_type.fields["simulator"].config_type.fields["days"].default_value == 9


def test_a_limit_holds_whatever_the_file_says(file: Path) -> None:
    file.write_text("training: {learning_rate: 0.001}")
    wrong = {"resources": {"settings": {"config": {"training": {"learning_rate": -1.0}}}}}
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(SettingsError) as caught:
        run_with(wrong, instance)
    assert "training.learning_rate is -1.0, but" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("training: {max_epoch: 3}", "max_epoch"),
        ("training: {learning_rate: -1}", "learning_rate"),
        ("- 1", "settings"),
    ],
)
def test_a_file_that_is_wrong_is_named_when_the_graph_is_loaded(file: Path, content: str, said: str) -> None:
    file.write_text(content)
    with pytest.raises(SettingsError) as caught:
        build_defs()
    assert str(file) in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.usefixtures("file")
def test_a_run_carries_the_names_of_its_model_and_data() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_with({}, instance)
        [run] = instance.get_runs()
    assert run.tags[MODEL_TAG] == "mine"
    assert run.tags[DATA_TAG] == "bloodbank my/folder, pump 881235"


def test_many_pumps_are_counted() -> None:
    assert data_name(DataSettings(source="azt1d", root="d", pump_ids=list("abcd"))) == "azt1d d, 4 pumps"
    assert data_name(DataSettings()) == "simulator"
