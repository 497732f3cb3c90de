"""What an unseen person meets: no copy from too few days, no choice by test windows, all tested on the same ones."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.config import PersonalSettings, Settings
from bloodtwin_core.evaluation.testing import errors_on
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.network.past import past_unknown
from bloodtwin_core.personal.unseen_person import UnseenPersonTrial, summary, unseen_person_trials
from bloodtwin_core.records import RECORDS_PER_DAY, Feature, Split
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.of_pump import windows_of_pump
from bloodtwin_core.windows.past import with_past
from tests.core.tiny import TINY_DATA, TINY_MODEL, TINY_TRAINING, tiny_windows

DAYS = (0, 1, 3, None)
SETTINGS = Settings(
    data=TINY_DATA,
    model=TINY_MODEL,
    training=TINY_TRAINING,
    personal=PersonalSettings(max_epochs=3, learning_rate=5e-3, min_windows=100),
)


@pytest.fixture(scope="module")
def unseen_person() -> WindowedSeries:
    """Ten days of one person, seven of them before the validate split."""
    return windows_of_pump(tiny_windows(pumps=2, count=10 * RECORDS_PER_DAY)[0], "pump1")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("base")
    windows, scaler = tiny_windows(pumps=1)
    training = TINY_TRAINING.model_copy(update={"max_epochs": 1, "learning_rate": 1e-4})
    return load_checkpoint(
        fit(windows, scaler, TINY_MODEL, training, CheckpointFolder(folder), folder / "logs", "others").checkpoint
    )


@pytest.fixture(scope="module")
def trials(
    unseen_person: WindowedSeries, base: Checkpoint, tmp_path_factory: pytest.TempPathFactory
) -> list[UnseenPersonTrial]:
    return list(
        unseen_person_trials(unseen_person, "pump1", base, SETTINGS, tmp_path_factory.mktemp("trials") / "s", DAYS)
    )


def test_more_days_are_more_to_learn_from(trials: list[UnseenPersonTrial]) -> None:
    assert [trial.days for trial in trials] == list(DAYS)
    assert trials[0].learned == trials[0].judged == 0
    assert sorted(trial.learned for trial in trials) == [trial.learned for trial in trials]
    assert sorted(trial.judged for trial in trials) == [trial.judged for trial in trials]


def test_too_few_days_keep_the_base(trials: list[UnseenPersonTrial]) -> None:
    for trial in trials[:2]:
        assert not trial.accepted
        assert trial.tuned is None
        assert trial.kept is trial.base
    assert trials[1].reason.startswith("too few windows")


def test_days_of_their_own_help_a_network_that_knows_nothing(trials: list[UnseenPersonTrial]) -> None:
    everything = trials[-1]
    assert everything.accepted, everything.reason
    before, after = everything.base.mae(1, 6), everything.kept.mae(1, 6)
    assert before is not None
    assert after is not None
    assert after < before


def test_everybody_is_tested_on_the_same_complete_windows(
    unseen_person: WindowedSeries, trials: list[UnseenPersonTrial]
) -> None:
    count = int(unseen_person.origins[Split.test].complete.sum())
    assert {trial.kept.windows for trial in trials} == {trial.persistence.windows for trial in trials} == {count}


def test_what_is_chosen_does_not_depend_on_validate_and_test_splits(
    unseen_person: WindowedSeries, base: Checkpoint, trials: list[UnseenPersonTrial], tmp_path: Path
) -> None:
    series = np.array(unseen_person.series)
    for segment in unseen_person.segments:
        if segment.split is not Split.train:
            series[segment.start : segment.stop, Feature.bg.column] = 100.0
    other = dataclasses.replace(unseen_person, series=series)
    [again] = unseen_person_trials(other, "pump1", base, SETTINGS, tmp_path / "s", (3,))
    assert (again.accepted, again.reason) == (trials[2].accepted, trials[2].reason)


def test_the_past_that_a_network_is_tested_with_is_of_the_days_given_alone(tmp_path: Path) -> None:
    plain, scaler = tiny_windows(pumps=1, count=16 * RECORDS_PER_DAY)
    told, model = with_past(plain), TINY_MODEL.model_copy(update={"past": True})
    training = TINY_TRAINING.model_copy(update={"max_epochs": 1})
    place = CheckpointFolder(tmp_path / "base")
    base = load_checkpoint(
        fit(told, scaler.with_past(), model, training, place, tmp_path / "logs", "others").checkpoint
    )
    personal = PersonalSettings(max_epochs=1, min_windows=100)
    asked = SETTINGS.model_copy(update={"model": model, "training": training, "personal": personal})
    changed = np.array(plain.series)
    changed[: 3 * RECORDS_PER_DAY, Feature.bg.column] += 50.0  # eight days are before the validate split
    other = with_past(dataclasses.replace(plain, series=changed))
    nobody, five, everything = unseen_person_trials(told, "pump0", base, asked, tmp_path / "s", (0, 5, None))
    nobody_else, five_else, everything_else = unseen_person_trials(
        other, "pump0", base, asked, tmp_path / "s", (0, 5, None)
    )
    unknown = errors_on(past_unknown(base).forecaster, plain, Split.test, complete=True)
    assert nobody.base.mae(1, 6) == pytest.approx(unknown.mae(1, 6), abs=1e-3), "four days of test say nothing yet"
    for one, another in ((nobody, nobody_else), (five, five_else)):
        assert one.base.mae(1, 6) == another.base.mae(1, 6)
    assert five.tuned is not None
    assert five_else.tuned is not None
    assert five.tuned.mae(1, 6) == five_else.tuned.mae(1, 6)
    assert len({trial.base.mae(1, 6) for trial in (nobody, five, everything, everything_else)}) == 4
    assert len({trial.base.windows for trial in (nobody, five, everything)}) == 1


def test_the_summary_pools_people(trials: list[UnseenPersonTrial]) -> None:
    settings = [dataclasses.replace(trial, pump_id=pump) for pump in ("a", "b") for trial in trials]
    rows = summary(settings)
    assert [row.days for row in rows] == list(DAYS)
    assert {row.people for row in rows} == {2}
    assert rows[-1].accepted == 2
    assert rows[0].better == 0
    assert rows[0].mae_at_30 == pytest.approx(trials[0].base.mae(6, 6))
    assert rows[0].windows == 2 * trials[0].base.windows
