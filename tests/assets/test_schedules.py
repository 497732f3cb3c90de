"""Schedules: off by default, with the settings that stand in a file at that moment."""

from pathlib import Path

import dagster as dg
import pytest
import yaml

from bloodtwin_assets.configured import CONFIG_VARIABLE
from bloodtwin_assets.definitions import build_defs
from bloodtwin_assets.schedules import regular_ingestion
from bloodtwin_core.common.errors import SettingsError

SMOKE = Path(__file__).parents[2] / "configs" / "smoke.yaml"


def tick() -> dg.RunRequest:
    request = regular_ingestion(dg.build_schedule_context())
    assert isinstance(request, dg.RunRequest)
    return request


def test_it_is_off_until_switched_on() -> None:
    schedule = build_defs().resolve_schedule_def("regular_ingestion")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert schedule.cron_schedule == "30 */6 * * *"


def test_it_runs_the_job_with_the_file_that_the_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, str(SMOKE))
    config = tick().run_config
    assert config == yaml.safe_load(SMOKE.read_text())
    assert dg.validate_run_config(build_defs().resolve_job_def("ingestion"), config)


def test_the_file_is_read_at_every_tick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    for days in (5, 6):
        path.write_text(f"resources: {{settings: {{config: {{data: {{simulator: {{days: {days}}}}}}}}}}}")
        assert tick().run_config["resources"]["settings"]["config"]["data"]["simulator"]["days"] == days


def test_without_the_variable_it_takes_the_default_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    monkeypatch.chdir(SMOKE.parents[1])
    assert "settings" in tick().run_config["resources"]


@pytest.mark.parametrize("content", [None, "- a list", "resources: ["])
def test_a_file_that_is_no_run_config_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "my.yaml"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    with pytest.raises((SettingsError, dg.DagsterError)) as caught:
        tick()
    said = f"{caught.value} {caught.value.__cause__}"
    assert str(path) in said
    assert CONFIG_VARIABLE in said
