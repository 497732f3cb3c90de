"""Retraining by itself: at its hour, with enough new days, never two at once, and off until switched on."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from bloodtwin_assets import automation
from bloodtwin_assets.configured import CONFIG_VARIABLE
from bloodtwin_assets.definitions import build_defs
from bloodtwin_core.common.errors import SettingsError
from tests.assets.tiny_graph import INGESTION, STAGES, Graph

SUNDAY, MONDAY = datetime(2026, 1, 4, 12, 10, tzinfo=UTC), datetime(2026, 1, 5, 4, 1, tzinfo=UTC)
"""Before and after the hour: Monday 04:00."""
ALL = {*INGESTION, *STAGES}
Ticks = Callable[..., set[str]]


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


@pytest.fixture
def ticks(instance: dg.DagsterInstance) -> Ticks:
    """What is requested at the last of some moments, all of which are looked at in turn."""

    def requested(*moments: datetime) -> set[str]:
        defs, cursor = build_defs(), None
        for moment in moments:
            found = dg.evaluate_automation_conditions(defs, instance, evaluation_time=moment, cursor=cursor)
            cursor = found.cursor
        return {key.to_user_string() for key in _keys() if found.get_num_requested(key)}

    return requested


def _keys() -> list[dg.AssetKey]:
    return [spec.key for spec in build_defs().resolve_all_asset_specs()]


def config(path: Path, monkeypatch: pytest.MonkeyPatch, **publishing: object) -> None:
    path.write_text(
        f"publishing: {publishing}\ndata: {{simulator: {{pumps: 1, days: 6}}}}\nartifacts: {{root: {path.parent}}}"
    )
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))


def test_it_is_off_until_switched_on() -> None:
    [sensor] = [each for each in build_defs().sensors or [] if each.name == "weekly_retraining"]
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


def test_everything_is_one_run_at_its_hour(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automation, "enough_new_days", lambda: False)
    assert ticks(SUNDAY, SUNDAY.replace(minute=40)) == set()
    assert ticks(SUNDAY, MONDAY) == ALL


def test_the_hour_is_that_of_the_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    config(tmp_path / "my.yaml", monkeypatch, time_zone="Europe/Berlin", new_days=0)
    assert ticks(SUNDAY, MONDAY.replace(hour=2)) == set()
    assert ticks(SUNDAY, MONDAY.replace(hour=3)) == ALL


def test_enough_new_days_start_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    for wanted, expected in ((7, set()), (5, ALL), (0, set())):
        config(tmp_path / "my.yaml", monkeypatch, new_days=wanted)
        assert ticks(SUNDAY, SUNDAY.replace(minute=51)) == expected


def test_records_of_the_last_run_are_no_new_days(copied: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    path = copied.root / "my.yaml"
    for days, expected in ((6, False), (7, True)):
        path.write_text(
            f"publishing: {{new_days: 1}}\nmodel: {{name: tiny}}\ndata: {{simulator: {{pumps: 2, days: {days}}}}}\n"
            f"artifacts: {{root: {copied.root}}}"
        )
        monkeypatch.setenv(CONFIG_VARIABLE, str(path))
        assert automation.enough_new_days() is expected


def test_none_is_started_while_one_is_at_work(
    instance: dg.DagsterInstance, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automation, "enough_new_days", lambda: True)
    job = build_defs().resolve_job_def("retraining")
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, asset_selection=frozenset(_keys()))
    assert ticks(SUNDAY, MONDAY) == set()


def test_records_and_model_go_stale() -> None:
    policies = {spec.key.to_user_string(): spec.freshness_policy for spec in build_defs().resolve_all_asset_specs()}
    assert {name for name, policy in policies.items() if policy} == {
        "raw_pump_splits",
        "trained_checkpoint",
        "published_model",
    }


@pytest.mark.parametrize(
    ("setting", "value"), [("cron", "every monday"), ("cron", "61 4 * * 1"), ("time_zone", "Mars")]
)
def test_an_hour_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    config(tmp_path / "my.yaml", monkeypatch, **{setting: value})
    with pytest.raises(SettingsError, match=f"publishing.{setting}"):
        build_defs()
