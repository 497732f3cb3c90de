"""Run config: defaults, types, limits, and errors that name the setting."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from pydantic import BaseModel, Field, ValidationError

from bloodtwin_assets.definitions import build_defs
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_assets.run_config import run_config
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings, Settings, TrainingMode
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.config.sources import TrainOnlySource
from bloodtwin_core.sources.settings import settings_model

CONFIGS = Path(__file__).parents[2] / "configs"


def resolved(
    config: dict[str, Any], instance: dg.DagsterInstance | None = None
) -> tuple[SettingsResource, ArtifactsResource]:
    """The two resources as an asset gets them from a user's file."""
    got: list[Any] = []

    @dg.op
    def look(settings: SettingsResource, artifacts: ArtifactsResource) -> None:
        got.extend([settings, artifacts])

    @dg.job(resource_defs={"settings": SettingsResource(), "artifacts": ArtifactsResource()})
    def job() -> None:
        look()

    job.execute_in_process(run_config=config, instance=instance or dg.DagsterInstance.ephemeral())
    return got[0], got[1]


def test_a_users_file_changes_what_it_names_and_nothing_else() -> None:
    text = (
        "resources: {settings: {config: {data: {source: bloodbank, root: my/folder, pump_ids: ['881235'], "
        "wearers: {anna: ['881235', '901161']}, simulator: {days: 9}}, "
        "training: {max_epochs: 5, mode: windowed}}}, artifacts: {config: {root: out}}}"
    )
    settings, artifacts = resolved(yaml.safe_load(text))
    assert settings.data.source == "bloodbank"
    assert settings.data.pump_ids == ["881235"]
    assert settings.data.wearers == {"anna": ["881235", "901161"]}
    assert settings.data.simulator.days == 9
    assert settings.training.mode is TrainingMode.windowed
    assert settings.used("model", "evaluation", "export") == Settings().model_dump(
        mode="json", include={"model", "evaluation", "export"}
    )
    assert settings.data.lookback == DataSettings().lookback
    assert artifacts.store(settings).folder == Path("out/bloodtwin_unified_lstm")


def test_further_sources_to_learn_from_are_a_typed_list() -> None:
    data = {"learn_also_from": [{"source": "brist1d", "root": "b", "pump_ids": ["P02"]}, {"source": "simulator"}]}
    settings, _ = resolved({"resources": {"settings": {"config": {"data": data}}}})
    assert settings.plain().data.learn_also_from == [
        TrainOnlySource(source="brist1d", root="b", pump_ids=["P02"]),
        TrainOnlySource(source="simulator"),
    ]
    for wrong in ({"root": "b"}, {"source": "brist1d", "folder": "b"}):
        with pytest.raises(dg.DagsterInvalidConfigError, match=r"learn_also_from\[0\]"):
            resolved({"resources": {"settings": {"config": {"data": {"learn_also_from": [wrong]}}}}})


def test_no_config_gives_the_defaults() -> None:
    settings, artifacts = resolved({})
    assert settings.used(*Settings.model_fields) == settings_model()().model_dump(mode="json")
    assert artifacts.store(settings).folder == Path("artifacts/bloodtwin_unified_lstm")


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"data": {"lookback": 0}}, "data.lookback is 0, but: input should be greater than or equal to 2"),
        ({"training": {"learning_rate": -1.0}}, "training.learning_rate is -1.0, but"),
        ({"data": {"simulator": {"days": 1}}}, "data.simulator.days is 1, but"),
        ({"data": {"train_fraction": 0.9, "validate_fraction": 0.2}}, "a test split remains"),
        ({"model": {"name": "../elsewhere"}}, "model.name is '../elsewhere', but"),
        ({"model": {"name": ".."}}, "model.name is '..', but"),
        ({"evaluation": {"ridge_penalties": []}}, "evaluation.ridge_penalties is [], but"),
        ({"evaluation": {"ridge_penalties": [0.1, 0.0]}}, "evaluation.ridge_penalties.1 is 0.0, but"),
    ],
)
def test_a_setting_out_of_its_limits_is_named(groups: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolved({"resources": {"settings": {"config": groups}}})
    assert said in str(caught.value)
    assert "in the run config" in str(caught.value)


@pytest.mark.parametrize("of_graph", [False, True])
def test_a_token_in_an_address_is_refused_before_any_record_of_a_run_holds_it(of_graph: bool, tmp_path: Path) -> None:
    """The Launchpad, the command line and schedules plan a run as this does, and store it afterwards."""
    groups = {"data": {"nightscout": {"url": "https://my-site.example/?token=anna-0123456789abcdef"}}}
    config = {"resources": {"settings": {"config": groups}}}
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        run = build_defs().resolve_job_def("retraining").execute_in_process if of_graph else resolved
        with pytest.raises(SettingsError, match=r"data\.nightscout\.url: .*BLOODTWIN_NIGHTSCOUT_TOKEN") as caught:
            run(config, instance=instance)
        assert instance.get_runs_count() == 0
    assert "anna" not in str(caught.value)
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert kept
    assert not any(b"anna-0123456789abcdef" in content for content in kept)


@pytest.mark.parametrize("root", ["out\0", "x" * 300, "/".join(["a"] * 3000), "a\nb", "\x1b[31m"])
def test_a_root_that_no_folder_can_be_called_is_refused_before_there_is_a_run(root: str, tmp_path: Path) -> None:
    config = {"resources": {"artifacts": {"config": {"root": root}}}}
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        with pytest.raises(SettingsError, match=r"artifacts\.root: must h.*Correct it") as caught:
            resolved(config, instance)
        assert instance.get_runs_count() == 0
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_a_root_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOODTWIN_OUT", "out")
    settings, artifacts = resolved({"resources": {"artifacts": {"config": {"root": {"env": "BLOODTWIN_OUT"}}}}})
    assert artifacts.store(settings).folder == Path("out/bloodtwin_unified_lstm")


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"training": {"max_epoch": 3}}, 'unexpected config entry "max_epoch"'),
        ({"trainings": {}}, 'unexpected config entry "trainings"'),
        ({"training": {"mode": "dens"}}, "not in enum type TrainingMode"),
        ({"training": {"max_epochs": "many"}}, 'training:max_epochs. Value "many"'),
        ({"data": {"pump_ids": "881235"}}, "data:pump_ids"),
    ],
)
def test_an_unknown_setting_or_a_wrong_type_is_refused(groups: dict[str, Any], said: str) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError) as caught:
        resolved({"resources": {"settings": {"config": groups}}})
    assert said in str(caught.value)


def test_the_launchpad_shows_every_setting_with_description_and_limits() -> None:
    schema = build_defs().get_repository_def().get_top_level_resources()["settings"].config_schema  # type: ignore[attr-defined]
    fields = schema.config_type.fields["training"].config_type.fields
    assert set(fields) == set(Settings().training.model_dump())
    assert all(field.description for field in fields.values())
    assert fields["seed"].description.endswith("Limits: at least 0, at most 4,294,967,295.")


def test_every_setting_is_described_at_whatever_depth() -> None:
    schema = build_defs().get_repository_def().get_top_level_resources()["settings"].config_schema  # type: ignore[attr-defined]
    for place in leaves(settings_model()()):
        field = schema
        for name in place:
            field = field.config_type.fields[name]
            assert field.description, ".".join(place)


def test_a_new_setting_is_in_the_run_config_once_it_stands_in_its_model() -> None:
    class Inner(SettingsGroup):
        share: float = Field(default=0.5, gt=0.0, le=1.0, description="A share.")

    class OuterSettings(SettingsGroup):
        """A group."""

        inner: Inner = Field(default_factory=Inner, description="A group within.")
        several: list[Inner] = Field(default=[], max_length=2, description="Several of them.")
        mode: TrainingMode = Field(default=TrainingMode.dense, description="A word of some.")

    made = run_config(OuterSettings, dg.Config)
    fields = made.to_fields_dict()
    assert {name: field.description for name, field in fields.items()} == {
        "inner": "A group within.",
        "several": "Several of them.",
        "mode": "A word of some.",
    }
    (share,) = fields["inner"].config_type.fields.values()  # type: ignore[attr-defined]
    assert share.description == "A share. Limits: above 0, at most 1."
    assert issubclass(made, OuterSettings)
    assert made.__doc__ == "A group."
    with pytest.raises(ValidationError, match="at most 2 items"):
        made(several=[{}, {}, {}])
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        made(inner={"share": 2.0})


def test_the_launchpad_fills_in_every_default() -> None:
    schema = build_defs().get_repository_def().get_top_level_resources()["settings"].config_schema  # type: ignore[attr-defined]
    for place, default in leaves(settings_model()()).items():
        field = schema
        for name in place:
            field = field.config_type.fields[name]
        assert field.default_provided, ".".join(place)
        assert field.default_value == default, ".".join(place)


def test_a_changed_list_changes_no_default() -> None:
    Settings().data.pump_ids.append("881235")
    Settings().evaluation.ridge_penalties.clear()
    assert Settings().data.pump_ids == []
    assert len(Settings().evaluation.ridge_penalties) == 4


def leaves(model: BaseModel, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every single setting by its place."""
    found: dict[tuple[str, ...], Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        place = (*path, name)
        found |= leaves(value, place) if isinstance(value, BaseModel) else {place: value}
    return found


def test_lstm_yaml_holds_every_setting_at_its_default() -> None:
    config = yaml.safe_load((CONFIGS / "lstm.yaml").read_text())["resources"]
    assert config["artifacts"]["config"] == {"root": ArtifactsResource().root}
    for place, default in leaves(settings_model()()).items():
        value = config["settings"]["config"]
        for name in place:
            assert name in value, f"configs/lstm.yaml lacks {'.'.join(place)}"
            value = value[name]
        assert value == default, f"configs/lstm.yaml: {'.'.join(place)}"
    assert settings_model().model_validate(config["settings"]["config"]) == settings_model()()


def test_every_setting_in_lstm_yaml_is_explained() -> None:
    text = (CONFIGS / "lstm.yaml").read_text()
    for place in leaves(settings_model()()):
        [line] = [line for line in text.splitlines() if line.strip().startswith(f"{place[-1]}:")][:1]
        assert "#" in line, f"configs/lstm.yaml says nothing of {'.'.join(place)}"


@pytest.mark.parametrize("name", ["lstm.yaml", "smoke.yaml"])
def test_config_files_are_valid_run_config(name: str) -> None:
    job = build_defs().resolve_job_def("retraining")
    assert dg.validate_run_config(job, yaml.safe_load((CONFIGS / name).read_text()))
    resolved(yaml.safe_load((CONFIGS / name).read_text()))
