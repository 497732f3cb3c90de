"""The study of accuracy: its variants train, further inputs are what they say, and differences are paired."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.accuracy.__main__ import data_for, judged, train
from benchmarks.accuracy.comparing import Judged, table
from benchmarks.accuracy.inputs import carbohydrates_on_board, insulin_left, insulin_on_board, person
from benchmarks.accuracy.insulin_answers import response_table
from benchmarks.accuracy.judging import WindowErrors, difference
from benchmarks.accuracy.known_insulin import InsulinTakenOutUntold, acted_between, sensitivity_of_each_record
from benchmarks.accuracy.variants import VARIANTS, Variant
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.insulin.action import RAPID
from bloodtwin_core.records import Feature
from bloodtwin_core.training.checkpoint_folder import EpochReport
from bloodtwin_core.training.module import ForecasterTraining
from bloodtwin_core.windows import WindowedSeries

DAYS = 4
FIRST = datetime(2024, 1, 10)
MEAL, MEAL_GRAMS = 400, 48
"""Record and size of the only meal; its row stands twice, as in the published files."""
EPOCH = EpochReport(epoch=0, train_loss=1, val_mae=1, learning_rate=1, forecasts_per_second=1, seconds=60)
TINY = {"lookback": 24, "horizon": 12}


@pytest.fixture(scope="module")
def azt1d(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people in the form of AZT1D."""
    folder = tmp_path_factory.mktemp("azt1d")
    for number in (1, 2):
        rows = ["EventDateTime,Basal,TotalBolusInsulinDelivered,CarbSize,CGM"]
        for record in range(288 * DAYS):
            glucose = 140 + number * 10 + round(40 * np.sin(record / 30))
            meal = record == MEAL and number == 1
            row = f"{FIRST + timedelta(minutes=5 * record, seconds=30)},1.2,{4 if meal else ''},"
            row += f"{MEAL_GRAMS if meal else ''},{glucose}"
            rows += [row] * (1 + meal)
        person_folder = folder / f"Subject {number}"
        person_folder.mkdir()
        (person_folder / f"Subject {number}.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def windows(azt1d: Path, tmp_path_factory: pytest.TempPathFactory) -> WindowedSeries:
    return data_for(Variant("", data=TINY), azt1d, None, tmp_path_factory.mktemp("out")).windows


@pytest.mark.parametrize("name", list(VARIANTS))
def test_every_variant_is_made_of_settings(name: str) -> None:
    _ = VARIANTS[name].model_settings
    _ = VARIANTS[name].training_settings
    DataSettings(**VARIANTS[name].data)


CHANGED = [name for name, variant in VARIANTS.items() if variant.inputs or variant.module is not ForecasterTraining]


@pytest.mark.parametrize("name", CHANGED)
def test_what_no_setting_offers_trains_and_is_judged_once(
    name: str, azt1d: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = {"max_epochs": 1, "chunk_length": 48, "burn_in": 12, "precision": "float32"}
    changed = VARIANTS[name]
    model = {**changed.model, "hidden_size": 4}
    tiny = Variant("tiny", training, model, TINY, module=changed.module, inputs=changed.inputs)
    monkeypatch.setitem(VARIANTS, name, tiny)
    train(name, 42, azt1d, None, tmp_path)
    (first,) = judged(name, tmp_path)
    assert np.isfinite(first.errors.absolute).all()
    assert np.isfinite(first.errors.pinball).all() == tiny.model.get("quantiles", True)
    train(name, 42, tmp_path / "nowhere", None, tmp_path)
    monkeypatch.setitem(VARIANTS, name, replace(tiny, training={**training, "max_epochs": 2}))
    with pytest.raises(SettingsError, match=r"another training\.max_epochs.*another --out"):
        train(name, 42, azt1d, None, tmp_path)
    assert f"| {name} | tiny |" in table({name: judged(name, tmp_path)})


def test_a_dose_is_all_there_at_first_acts_most_at_its_peak_and_is_gone_after_six_hours() -> None:
    left = insulin_left(np.arange(0.0, 400.0))
    acting = -np.diff(left)
    assert left[0] == pytest.approx(1.0)
    assert (acting >= 0).all()
    assert 73 <= acting.argmax() <= 76
    assert left[359] < 1e-3
    assert not left[360:].any()


def test_carbohydrates_stand_once_where_they_were_told_and_are_used_up(azt1d: Path, windows: WindowedSeries) -> None:
    entered, on_board, absorbed = carbohydrates_on_board(windows, azt1d).T
    (at,) = np.flatnonzero(entered)
    assert windows.timestamps[at] == np.datetime64(FIRST + timedelta(minutes=5 * MEAL))
    assert windows.pump_of(np.array([at])).tolist() == ["1"]
    assert not on_board[:at].any()
    assert not absorbed[:at].any()
    after = on_board[at : at + 72]
    assert (np.diff(after) < 0).all()
    assert after[8] == pytest.approx(after[0] * 2 / np.e, rel=0.02)  # (1 + t/40) exp(-t/40) at 40 minutes


def test_insulin_on_board_never_looks_ahead(azt1d: Path, windows: WindowedSeries) -> None:
    bolus = windows.series[:, Feature.bolus_dose.column]
    (at,) = np.flatnonzero(bolus)
    before, after = insulin_on_board(windows, azt1d)[[at - 1, at], 0]
    assert after > before
    unchanged = insulin_on_board(windows, azt1d)[:at]
    without = bolus[at].copy()
    windows.series[at, Feature.bolus_dose.column] = 0.0
    changed = insulin_on_board(windows, azt1d)[:at]
    windows.series[at, Feature.bolus_dose.column] = without
    # Both are scaled by their own spread, so what stood before may differ by one factor alone.
    assert np.allclose(changed[:, 0] * unchanged[-1, 0], unchanged[:, 0] * changed[-1, 0], rtol=1e-4)


def test_insulin_acts_after_it_was_given_and_by_its_curve(windows: WindowedSeries) -> None:
    series = windows.series.copy()
    series[:, [Feature.basal_rate.column, Feature.bolus_dose.column]] = 0.0
    given = windows.segments[0].start + 100
    series[given, Feature.bolus_dose.column] = 2.0
    acted = acted_between(replace(windows, series=series), np.array([0.0, 30.0, 60.0]))
    assert not acted[:given].any()
    assert acted[given] == pytest.approx(2.0 * (RAPID.acted([32.5, 62.5]) - RAPID.acted(2.5)))
    assert acted[given : given + 80, 0].max() < 2.0
    assert not acted[given + 80 :].any()


def test_whoever_is_told_of_no_insulin_answers_a_dose_by_the_curve_alone(
    azt1d: Path, windows: WindowedSeries, tmp_path: Path
) -> None:
    tiny = Variant("tiny", {"chunk_length": 48, "burn_in": 12}, {"hidden_size": 4}, TINY, module=InsulinTakenOutUntold)
    scaler = data_for(tiny, azt1d, None, tmp_path).scaler
    module = tiny.module(windows, scaler, tiny.model_settings, tiny.training_settings, "").eval()
    rows = torch.tensor([windows.segments[0].start + 200])
    answer = module.answer(rows, 2.0).detach().numpy()
    curve = RAPID.acted(5.0 * np.arange(1, 13))
    assert answer[0] == pytest.approx(-2.0 * 1700.0 / (1.2 * 24.0) * curve, rel=0.1)
    table_of = response_table({"untold": module}, windows)
    assert "| untold | 6 U | -" in table_of
    assert table_of.endswith("| 0% |")


def test_the_sensitivity_is_the_rules_on_the_insulin_that_was_learnt_from(windows: WindowedSeries) -> None:
    per_unit = sensitivity_of_each_record(windows)
    assert np.unique(windows.pump_of(np.arange(len(per_unit)))).tolist() == ["1", "2"]
    assert per_unit[-1] == pytest.approx(1700.0 / (1.2 * 24.0), rel=1e-5)


def test_each_person_has_an_input_of_their_own(azt1d: Path, windows: WindowedSeries) -> None:
    theirs = person(windows, azt1d)
    assert theirs.shape == (len(windows.series), 2)
    assert (theirs.sum(axis=1) == 1).all()


def errors(pumps: int, days: int, level: float, seed: int) -> WindowErrors:
    """Errors around a level, the same noise for the same seed."""
    count = pumps * days * 4
    pump = np.repeat([f"{number}" for number in range(pumps)], days * 4)
    times = np.tile(np.arange(days * 4) * np.timedelta64(6, "h"), pumps) + np.datetime64("2024-01-01")
    noise = np.random.default_rng(seed).normal(0, 5, (count, 12)).astype(np.float32)
    nothing = np.full((count, 12), np.nan, dtype=np.float32)
    return WindowErrors(pump, times, noise + np.float32(level), nothing, nothing)


def test_a_difference_on_the_same_days_is_seen_though_days_differ_much_more() -> None:
    found = difference(errors(4, 10, 15.1, seed=0), errors(4, 10, 15.0, seed=0))
    assert found is not None
    assert found.low == pytest.approx(0.1, abs=1e-4)
    assert found.high == pytest.approx(0.1, abs=1e-4)


def test_chance_is_no_difference() -> None:
    found = difference(errors(4, 10, 15.0, seed=1), errors(4, 10, 15.0, seed=2))
    assert found is not None
    assert found.low < 0 < found.high


def test_windows_are_matched_by_pump_and_time() -> None:
    b = errors(5, 12, 15.0, seed=1)
    shared = (b.pump != "2") & (b.timestamp < np.datetime64("2024-01-10"))
    a = WindowErrors(b.pump[shared], b.timestamp[shared], *[b.absolute[shared] + np.float32(0.1)] * 3)
    found = difference(a, b)
    assert found is not None
    assert found.low == pytest.approx(0.1, abs=1e-4)
    assert found.high == pytest.approx(0.1, abs=1e-4)


def test_a_variant_is_held_against_the_base_of_the_same_seeds() -> None:
    # With seed 43 everything errs 1 mg/dL more, which a variant of seed 42 alone must not gain from.
    base = [Judged(42, errors(4, 10, 15.0, seed=0), [EPOCH]), Judged(43, errors(4, 10, 16.0, seed=0), [EPOCH])]
    found = table({"base": base, "gru": [Judged(42, errors(4, 10, 15.1, seed=0), [EPOCH])]})
    assert "+0.10 (+0.10 to +0.10)" in found


def test_the_pinball_loss_is_told_as_in_results_half_of_what_is_trained_on() -> None:
    found = errors(2, 3, 15.0, seed=3)
    with_quantiles = replace(found, pinball=np.full_like(found.absolute, 8.0), inside=np.ones_like(found.absolute))
    assert "| 4.00 | 100.0% | 1 | 1.0 |" in table({"base": [Judged(42, with_quantiles, [EPOCH])]})


def test_errors_are_kept_as_they_are(tmp_path: Path) -> None:
    written = errors(2, 3, 15.0, seed=3)
    written.write(tmp_path / "errors.npz")
    read = WindowErrors.read(tmp_path / "errors.npz")
    assert np.array_equal(read.absolute, written.absolute)
    assert read.pump.tolist() == written.pump.tolist()
