"""The study of BrisT1D's insulin: its parts on made-up arrays, and the command on people made up in the files' form."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.unseen_people.insulin.__main__ import main
from benchmarks.unseen_people.insulin.forecasts import LeftOutForecasts
from benchmarks.unseen_people.insulin.judging import coverage_by_person, lows_at_one_false_alarm, skills
from benchmarks.unseen_people.insulin.people import Everybody, with_unknown_insulin
from benchmarks.unseen_people.insulin.resplit import with_insulin_split_anew
from benchmarks.unseen_people.insulin.variants import VARIANTS
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import FEATURES, Feature

DAYS = 9
FIRST = datetime(2024, 1, 10)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two people in the form of AZT1D, and two in that of BrisT1D as published."""
    azt1d, brist1d = (tmp_path_factory.mktemp(name) for name in ("azt1d", "brist1d"))
    times = [FIRST + timedelta(minutes=5 * record) for record in range(288 * DAYS)]
    for number in (1, 2):
        glucose = [140 + number * 10 + round(40 * np.sin(record / 30)) for record in range(len(times))]
        rows = ["EventDateTime,Basal,TotalBolusInsulinDelivered,CarbSize,CGM"]
        rows += [f"{time + timedelta(seconds=30)},1.2,,,{bg}" for time, bg in zip(times, glucose, strict=True)]
        person = azt1d / f"Subject {number}"
        person.mkdir()
        (person / f"Subject {number}.csv").write_text("\n".join(rows) + "\n")
        rows = ["timestamp,bg,insulin,carbs"]
        rows += [f"{time},{bg / 18:.1f},0.1," for time, bg in zip(times, glucose, strict=True)]
        (brist1d / f"P0{number}.csv").write_text("\n".join(rows) + "\n")
    return azt1d, brist1d


def some_forecasts(people: int = 3, days: int = 4) -> LeftOutForecasts:
    """Windows every five minutes, forecast 10 mg/dL off with insulin and 20 without, where persistence errs 40."""
    each = 288 * days
    count = people * each
    time = np.tile(np.datetime64("2024-01-01", "s") + np.arange(each) * np.timedelta64(300, "s"), people)
    target = np.full((count, 12), 100.0, dtype=np.float32)
    spread = np.linspace(-30, 30, len(QUANTILE_LEVELS), dtype=np.float32)
    return LeftOutForecasts(
        pump=np.repeat([f"brist1d_P{number}" for number in range(people)], each),
        timestamp=time,
        last=np.full(count, 60.0, dtype=np.float32) + 80,
        complete=np.ones(count, dtype=np.bool_),
        known=np.ones(count, dtype=np.bool_),
        target=target,
        measured=np.ones_like(target, dtype=np.bool_),
        told=target + 10,
        told_quantiles=target[..., None] + 10 + spread,
        hidden=target - 20,
        hidden_quantiles=target[..., None] - 200 + spread,
        ar2=target,
        ridge=target,
    )


def test_insulin_split_anew_keeps_its_sum_and_what_is_unknown() -> None:
    torch.manual_seed(0)
    records = torch.rand(64, 30, len(FEATURES)) * 2
    records[:, :5, Feature.basal_rate.column] = torch.nan
    anew = with_insulin_split_anew(records)
    units = [
        each[..., Feature.basal_rate.column] / 12 + each[..., Feature.bolus_dose.column] for each in (records, anew)
    ]
    torch.testing.assert_close(units[0], units[1], equal_nan=True)
    basal = anew[..., Feature.basal_rate.column]
    assert (basal[basal.isfinite()] >= 0).all()
    changed = (basal != records[..., Feature.basal_rate.column])[:, 5:].any(dim=1).float().mean()
    assert 0.2 < changed < 0.8, "about half of the chunks"
    others = [feature.column for feature in Feature if feature not in (Feature.basal_rate, Feature.bolus_dose)]
    torch.testing.assert_close(anew[..., others], records[..., others])


def test_skills_and_their_differences_are_shares_of_persistence() -> None:
    found = some_forecasts()
    assert [each.value for each in skills(found, found.told).by_days if each] == pytest.approx([0.25, 0.25])
    less = skills(found, found.told, found.hidden)
    assert [each.value for each in less.by_days if each] == pytest.approx([-0.25, -0.25])
    assert less.by_people == [None, None], "three people are too few for an interval"


def test_bands_are_told_of_each_person() -> None:
    found = some_forecasts()
    assert set(coverage_by_person(found, found.told_quantiles).values()) == {1.0}
    assert set(coverage_by_person(found, found.hidden_quantiles).values()) == {0.0}


def test_lows_are_announced_at_no_more_than_one_false_alarm_a_day() -> None:
    """Glucose of 100 with a low every eight hours, of which only the lowest quantiles know, and no false alarm."""
    found = some_forecasts(people=1)
    low = (np.arange(len(found))[:, None] + np.arange(1, 13)) % 96 < 6
    target = np.where(low, 60, 100).astype(np.float32)
    last = np.where(np.arange(len(found)) % 96 < 6, 60, 100).astype(np.float32)
    quantiles = np.repeat(np.full_like(target, 100)[..., None], len(QUANTILE_LEVELS), axis=2)
    quantiles[..., 0] = np.where(low, 60, 100)
    level, alarms = lows_at_one_false_alarm(replace(found, target=target, last=last), quantiles)
    assert level < QUANTILE_LEVELS[1]
    assert alarms.sensitivity == 1.0
    assert alarms.false_alarms_per_day == 0.0


def test_a_person_is_never_on_two_sides(folders: tuple[Path, Path], tmp_path: Path) -> None:
    everybody = Everybody.read(*folders, tmp_path)
    folds = everybody.folds(2)
    assert folds == [["1", "brist1d_P01"], ["2", "brist1d_P02"]]
    learnt = everybody.without(folds[0])
    assert {segment.pump_id for segment in learnt.windows.segments} == {"2", "brist1d_P02"}
    theirs = everybody.windows_of(folds[0], learnt)
    assert {segment.pump_id for segment in theirs.segments} == {"1", "brist1d_P01"}
    hidden = with_unknown_insulin(theirs, brist1d_alone=True)
    known = {
        segment.pump_id: np.isfinite(hidden.series[segment.start : segment.stop, Feature.basal_rate.column]).any()
        for segment in hidden.segments
    }
    assert known == {"1": True, "brist1d_P01": False}


def test_the_command_leaves_a_table_and_goes_on(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    azt1d, brist1d = map(str, folders)
    variants = ["glucose of BrisT1D", "split anew", "who", "past on top"]
    command = ["--azt1d", azt1d, "--brist1d", brist1d, "--out", str(tmp_path), "--of", "2", "--folds", "1"]
    command += ["--epochs", "1", "--hidden-size", "4", "--precision", "float32", "--variants", *variants]
    assert main(command) == 0
    table = capsys.readouterr().out
    for name in variants:
        assert f"| BrisT1D, insulin known | hidden | {name} | 1, " in table
    assert "| AZT1D, insulin known | told | AR2 | 1, " in table
    assert main(command) == 0
    assert capsys.readouterr().out == table
    monkeypatch.setattr("benchmarks.unseen_people.insulin.copies.DAYS", (0, 3))
    assert main([*command[: 1 - len(variants)], "--on", "test", "--copies", "plain"]) == 0
    on_test = capsys.readouterr().out
    assert on_test.split("\n\n")[1] != table.split("\n\n")[1]
    assert "glucose of BrisT1D, copies with plain insulin:" in on_test
    assert main(["--azt1d", str(tmp_path / "none"), *command[2:]]) == 1


@pytest.mark.parametrize("name", list(VARIANTS))
def test_every_variant_is_made_of_settings(name: str) -> None:
    assert VARIANTS[name].training_settings(epochs=3, seed=1).seed == 1
