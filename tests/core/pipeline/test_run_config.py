"""Settings as people write them: either form of a file, --set, and what is said of a wrong name."""

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.pipeline.run_config import RunConfig, read_run_config, with_assignments, with_settings
from bloodtwin_core.sources.settings import settings_model

REPOSITORY = Path(__file__).parents[3]
GROUPS = {"training": {"max_epochs": 5}, "data": {"simulator": {"pumps": 1}}}
LONG = {"resources": {"settings": {"config": GROUPS}, "artifacts": {"config": {"root": "out"}}}}


def settings_by_name(model: type[BaseModel] | None = None, within: str = "") -> dict[str, FieldInfo]:
    """Every setting by its full name."""
    found: dict[str, FieldInfo] = {}
    for name, field in (model or settings_model()).model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= settings_by_name(kind, f"{within}{name}.")
        else:
            found[f"{within}{name}"] = field
    return found


def written(folder: Path, content: object, name: str = "my.yaml") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_both_forms_and_json_say_the_same(tmp_path: Path) -> None:
    short = read_run_config(written(tmp_path, {**GROUPS, "artifacts": {"root": "out"}}))
    long = read_run_config(written(tmp_path, LONG))
    as_json = read_run_config(written(tmp_path, json.dumps(LONG), "my.json"))
    assert short.settings() == long.settings() == as_json.settings()
    assert short.root == long.root == as_json.root == "out"
    assert short.settings().training.max_epochs == 5
    assert short.for_dagster()["resources"] == LONG["resources"]


def test_an_empty_file_has_the_defaults_and_the_default_file_too(tmp_path: Path) -> None:
    assert read_run_config(written(tmp_path, "# nothing\n")).settings() == settings_model()()
    assert read_run_config(REPOSITORY / "configs" / "lstm.yaml").settings() == settings_model()()


@pytest.mark.parametrize("root", ["out\0", "x" * 300, "/".join(["a"] * 3000), "a\nb", ""])
def test_a_root_that_no_folder_can_be_called_is_refused_when_settings_are_read(tmp_path: Path, root: str) -> None:
    for form in ({"artifacts": {"root": root}}, {"resources": {"artifacts": {"config": {"root": root}}}}):
        with pytest.raises(SettingsError, match=r"artifacts.*root") as caught:
            read_run_config(written(tmp_path, form))
        assert len(str(caught.value)) < 400
        assert str(caught.value).isprintable()
    with pytest.raises(SettingsError, match=r"artifacts\.root"):
        with_assignments(RunConfig({}), [f"artifacts.root={root}"])


def test_what_else_dagster_takes_stays(tmp_path: Path) -> None:
    config = read_run_config(written(tmp_path, {**LONG, "execution": {"config": {"retries": {"disabled": {}}}}}))
    assert config.for_dagster()["execution"] == {"config": {"retries": {"disabled": {}}}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            {"training": {"max_epoch": 3}},
            "training.max_epoch: Extra inputs are not permitted; the nearest name is train",
        ),
        ({"training": {"max_epoch": 3}}, "the nearest name is training.max_epochs"),
        ({"training": {"hidden_size": 3}}, "the nearest name is model.hidden_size"),
        ({"data": {"simulator": {"pump": 3}}}, "data.simulator.pump: .* the nearest name is data.simulator.pumps"),
        ({"data": {"quite_different": 3}}, "data.quite_different: Extra inputs are not permitted. Change it"),
        ({"training": {"max_epochs": 0}}, "training.max_epochs: Input should be greater than or equal to 1, not 0"),
    ],
)
def test_a_wrong_setting_is_named_with_the_nearest_right_one(tmp_path: Path, content: object, said: str) -> None:
    for form in (content, {"resources": {"settings": {"config": content}}}):
        with pytest.raises(SettingsError, match=said):
            read_run_config(written(tmp_path, form)).settings()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"trainin": {"max_epochs": 3}}, "my.yaml: trainin is not known. The nearest name is training"),
        ({"resource": {}}, "my.yaml: resource is not known. The nearest name is resources"),
        ({"resources": {"setting": {}}}, "resources.setting is not known. The nearest name is settings"),
        (
            {"resources": {"settings": {"confg": {}}}},
            "settings.confg is not known. The nearest name is config",
        ),
        (
            {"resources": {"settings": {"training": {"max_epochs": 3}}}},
            "resources.settings lacks the level config. Write resources: settings: config: before training",
        ),
        (
            {"resources": {"settings": {"config": {"modle": {}}}}},
            "resources.settings.config.modle is not known. The nearest name is model",
        ),
        (
            {"resources": {"artifacts": {"config": {"rot": "x"}}}},
            "config.rot is not known. The nearest name is root",
        ),
        ({"resources": [1]}, "resources holds no settings"),
        ([1], "my.yaml holds no settings"),
        ("a: [", "my.yaml is neither YAML nor JSON"),
        ({"artifacts": {"root": 3}}, "artifacts.root is no folder"),
    ],
)
def test_a_wrong_group_or_level_is_named(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_run_config(written(tmp_path, content)).settings()
    assert said in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml cannot be read"):
        read_run_config(tmp_path / "nowhere.yaml")


def test_assignments_win_and_reach_any_group() -> None:
    config = with_assignments(
        RunConfig(GROUPS), ["training.max_epochs=7", "simulator.days=9", "data.simulator.seed=1", "artifacts.root=x"]
    )
    settings = config.settings()
    assert (settings.training.max_epochs, config.root) == (7, "x")
    assert settings.data.simulator.model_dump() == {"pumps": 1, "days": 9, "seed": 1}
    assert GROUPS["training"] == {"max_epochs": 5}, "the settings given stay as they were"


def test_an_assignment_to_an_unknown_group_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"trainin: .* the nearest name is training"):
        with_assignments(RunConfig({}), ["trainin.max_epochs=3"]).settings()


def test_settings_are_laid_over_others_group_by_group() -> None:
    config = with_settings(RunConfig(GROUPS, "out"), {"data": {"source": "vendor", "vendor": {"time_zone": "UTC"}}})
    assert config.settings().data.vendor.time_zone == "UTC"
    assert config.settings().data.simulator.pumps == 1
    assert config.root == "out"


def test_environment_variables_are_taken_when_the_run_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = read_run_config(written(tmp_path, {"data": {"source": "azt1d", "root": {"env": "MY_AZT1D"}}}))
    with pytest.raises(SettingsError, match="environment variable MY_AZT1D"):
        config.settings()
    monkeypatch.setenv("MY_AZT1D", "/data")
    assert config.settings().data.root == "/data"
    assert config.for_dagster()["resources"]["settings"]["config"]["data"]["root"] == {"env": "MY_AZT1D"}


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
@pytest.mark.parametrize("name", [name for name, kind in settings_by_name().items() if kind.annotation is float])
def test_no_number_is_infinite(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name.rpartition(".")[2]):
        with_assignments(RunConfig({}), [f"{name}=.{value}" if value[0] != "-" else f"{name}=-.inf"]).settings()


@pytest.mark.parametrize("name", [n for n, field in settings_by_name().items() if field.annotation in (int, float)])
def test_every_number_has_limits(name: str) -> None:
    limits = settings_by_name()[name].metadata
    assert any(hasattr(each, "ge") or hasattr(each, "gt") for each in limits)
    assert any(hasattr(each, "le") or hasattr(each, "lt") for each in limits)


@pytest.mark.parametrize("name", ["data.root", "training.start_from", "model.name"])
@pytest.mark.parametrize("text", ["a" * 300, "b/" * 3000, "nul\0"])
def test_a_text_that_no_file_can_be_called_is_refused(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=name.replace(".", r"\.")):
        RunConfig({name.split(".")[0]: {name.split(".")[1]: text}}).settings()


HOSTILE = {
    "an endless alias": "data: &a {pump_ids: [*a]}",
    "an alias of aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefgh")),
    "brackets": "[" * 2_000,
    "closed brackets": "data: " + "{a: " * 500 + "1" + "}" * 500,
    "digits": f"training: {{max_epochs: {'9' * 5000}}}",
    "a date": "data: {fetch: {since: 2024-13-45}}",
    "a number of words": "data: !!python/object/apply:os.system [true]",
    "a NUL": "data: {root: a\0b}",
    "half a letter": 'data: {root: "\\ud800"}',
    "a folder of no name": 'artifacts: {root: ""}',
    "neither true nor false": "artifacts: {wait: soon}",
    "two hundred thousand bytes": "# " + "x" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_no_settings_are_is_refused_in_words(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(HOSTILE[name])
    with pytest.raises(SettingsError) as caught:
        read_run_config(path).settings()
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("text", ["&a [*a]", "9" * 5000, "2024-13-45", "[" * 2_000, "{a: *b}"], ids=range(5))
def test_what_no_value_is_is_refused_on_the_command_line_too(text: str) -> None:
    with pytest.raises(SettingsError):
        with_assignments(RunConfig({}), [f"data.fetch.since={text}"]).settings()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_settings_are_read_of_ordinary_files_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path / "pipe.yaml", Path("/dev/zero"), Path("a\0b"), Path("x" * 300), tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            read_run_config(path)


def test_a_day_needs_no_quotes(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("data: {fetch: {since: 2024-03-01}}")
    assert read_run_config(tmp_path / "a.yaml").settings().data.fetch.since == "2024-03-01"
    assert with_assignments(RunConfig({}), ["data.fetch.since=2024-03-01"]).settings().data.fetch.since == "2024-03-01"


@pytest.mark.parametrize("form", ["{artifacts: {wait: true}}", "{resources: {artifacts: {config: {wait: true}}}}"])
def test_a_file_may_say_to_wait_for_another_run(form: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(form)
    config = with_settings(read_run_config(tmp_path / "a.yaml"), {"training": {"max_epochs": 5}})
    assert config.wait
    assert config.for_dagster()["resources"]["artifacts"] == {"config": {"wait": True}}


def test_a_file_may_say_what_machines_share(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("artifacts: {root: out, shared: s3://bucket/models}")
    config = with_settings(read_run_config(tmp_path / "a.yaml"), {"training": {"max_epochs": 5}})
    assert config.for_dagster()["resources"]["artifacts"] == {"config": {"root": "out", "shared": "s3://bucket/models"}}
    assert with_assignments(config, ["artifacts.shared=s3://other"]).shared == "s3://other"


@pytest.mark.parametrize("shared", ["s3://key:S3CRET@bucket", "[1]"])
def test_what_machines_share_is_an_address_without_secrets(shared: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"artifacts: {{shared: {shared}}}")
    with pytest.raises(SettingsError, match=r"artifacts\.shared is no address") as raised:
        read_run_config(tmp_path / "a.yaml")
    assert "S3CRET" not in str(raised.value)
