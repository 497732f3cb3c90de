"""Two runs of the simulated year, one of them poisoned."""

from pathlib import Path

import pytest

from benchmarks.publishing.outcome import outcome_of
from benchmarks.publishing.troubles import Troubles, histories, start_of
from benchmarks.publishing.weekly import Weekly
from bloodtwin_core.pipeline.run_config import read_run_config, with_settings
from bloodtwin_core.publishing.decision import Verdict

CONFIG = Path(__file__).parents[3] / "configs" / "year.yaml"
BEFORE = 5
SMALL = {
    "data": {"lookback": 36, "newest_days": 35, "stride": 8},
    "model": {"hidden_size": 8},
    "training": {"max_epochs": 3, "chunk_length": 96, "burn_in": 24, "learning_rate": 0.02},
    "evaluation": {"ridge_max_windows": 200, "bootstrap_samples": 200},
    "export": {"parity_windows": 4},
}


@pytest.fixture(scope="module")
def weekly(tmp_path_factory: pytest.TempPathFactory) -> Weekly:
    """Two runs: before the poison, and with it among the days that it is chosen on."""
    settings = with_settings(read_run_config(CONFIG), SMALL).settings()
    records = histories(Troubles(poisoned=BEFORE + 1), BEFORE + 3)
    made = Weekly(tmp_path_factory.mktemp("weeks"), settings, records)
    for week in (BEFORE, BEFORE + 2):
        made.run(week)
    return made


def test_what_was_chosen_on_the_poisoned_week_is_not_published(weekly: Weekly) -> None:
    assert [week.verdict for week in weekly.weeks] == [Verdict.published, Verdict.refused]
    assert f"week of {start_of(BEFORE + 1).astype('datetime64[D]')}" in weekly.weeks[-1].why
    [gate] = [gate for gate in weekly.versions.last_decision().gates if gate.name == "no open drift"]  # type: ignore[union-attr]
    assert not gate.passed
    outcome = outcome_of(weekly, "sim001", BEFORE + 1, weekly.settings.evaluation)
    assert outcome.poisoned == []
    assert outcome.weeks == 1
    assert outcome.versions == [weekly.weeks[0].version]


def test_a_version_can_be_traced(weekly: Weekly) -> None:
    manifest = weekly.versions.champion()
    assert manifest is not None
    assert {file.pump_id for file in manifest.data.files} == {"sim001", "sim002"}
    assert manifest.settings["training"]["max_epochs"] == 3
    assert manifest.code.packages["torch"] != "not installed"
    assert set(manifest.forecasting) == {"sim001", "sim002"}
    assert manifest.learnt["sim001"].last < start_of(BEFORE + 1).astype("datetime64[s]").item()
    assert weekly.versions.faults(manifest) == []
