"""Drift: new weeks against the training period, judged once, open until somebody looks."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings, DriftSettings
from bloodtwin_core.publishing.drift.forecasts import Forecasting, by_pump, by_week
from bloodtwin_core.publishing.drift.judging import ModelInUse, judged
from bloodtwin_core.publishing.drift.ledger import Ledger
from bloodtwin_core.publishing.drift.week import PumpWeeks, weeks_of
from bloodtwin_core.publishing.manifest import Learnt
from bloodtwin_core.records import RECORD_INTERVAL, RECORDS_PER_DAY, PumpRecords, Split, records_from_signals
from bloodtwin_core.windows import window_series
from bloodtwin_core.windows.scaler import fit_scaler
from tests.core.publishing.made import forecasts

NOW = datetime(2024, 3, 1, tzinfo=UTC)
MONDAY = np.datetime64("2024-01-01T00:00:00", "s")
DAYS = 7 * 8
DRIFT = DriftSettings()


def days(
    shift: float = 0.0, insulin: float = 1.0, silent: bool = False, week: int = 7, count: int = DAYS
) -> PumpRecords:
    """Eight weeks of one pump, of which one is another than the rest."""
    random = np.random.default_rng(3)
    number = np.arange(count * RECORDS_PER_DAY)
    glucose = 140 + 40 * np.sin(number / 40) + random.normal(0, 5, len(number))
    basal = np.full(len(number), 1.0)
    of_week = number // (7 * RECORDS_PER_DAY) == week
    glucose[of_week] += shift
    basal[of_week] *= insulin
    if silent:
        glucose[of_week & (number % 4 > 0)] = np.nan
    return records_from_signals("a", MONDAY + number * RECORD_INTERVAL, glucose, basal, np.zeros(len(number)))


def history(records: PumpRecords) -> dict[str, PumpWeeks]:
    """Five weeks to train on, one and a half to choose by, the rest to test on."""
    first, second = 35 * RECORDS_PER_DAY, 45 * RECORDS_PER_DAY
    parts = [
        (Split.train, records.rows(0, first)),
        (Split.validate, records.rows(first, second)),
        (Split.test, records.rows(second, len(records))),
    ]
    windows = window_series(parts, fit_scaler([parts[0][1]]), DataSettings(lookback=24, horizon=6))
    return {"a": weeks_of(windows, "a")}


def look(records: PumpRecords, ledger: Ledger | None = None, model: ModelInUse | None = None) -> Ledger:
    return judged(ledger or Ledger(), history(records), model or ModelInUse(), DRIFT, NOW)


def test_weeks_like_the_training_period_are_no_drift() -> None:
    ledger = look(days())
    assert len(ledger.weeks) == 8
    assert ledger.open == []
    assert [len(week.measures) for week in ledger.weeks] == [0] * 4 + [3] * 4


@pytest.mark.parametrize(
    ("records", "names"),
    [
        (days(shift=60), ["glucose"]),
        (days(insulin=2.0), ["insulin"]),
        (days(insulin=0.3), ["insulin"]),
        (days(silent=True), ["missing"]),
    ],
)
def test_a_week_that_is_other_is_open_and_says_why(records: PumpRecords, names: list[str]) -> None:
    [week] = look(records).open
    assert week.start == date(2024, 2, 19)
    assert [measure.name for measure in week.beyond] == names
    assert "week of 2024-02-19" in week.told


def test_a_poisoned_week_stays_open_when_it_is_learnt_from() -> None:
    """It is judged when it is new; the reference that it would shift later does not matter any more."""
    ledger = look(days(shift=60))
    later = look(days(shift=60, count=DAYS + 1), ledger)
    [week] = later.open
    assert week.start == date(2024, 2, 19)
    learnt = {"a": Learnt(first=datetime(2024, 1, 1), last=datetime(2024, 2, 19, 0, 0))}
    assert later.open_in(learnt) == [week]
    assert later.open_in({"a": learnt["a"].model_copy(update={"last": datetime(2024, 2, 18, 23, 55)})}) == []
    assert later.open_in({"b": learnt["a"]}) == []


def test_whoever_looked_closes_it_until_the_records_change() -> None:
    ledger = look(days(shift=60)).seen("a", date(2024, 2, 19), "a new sensor")
    assert ledger.open == []
    assert look(days(shift=60), ledger).open == []
    assert [week.start for week in look(days(shift=70), ledger).open] == [date(2024, 2, 19)]
    with pytest.raises(SettingsError, match="Open are: none"):
        ledger.seen("a", date(2024, 2, 19), "again")


def test_a_week_is_no_reference_for_others_while_it_is_open() -> None:
    ledger = look(days(shift=120, week=6))
    again = look(days(shift=120, week=6, count=DAYS + 7), ledger)
    assert [week.start for week in again.open] == [date(2024, 2, 12)]


def test_a_cut_week_keeps_what_was_found() -> None:
    ledger = look(days())
    records = days()
    shorter = records.rows(3 * RECORDS_PER_DAY, len(records))
    assert look(shorter, ledger) == ledger


def test_errors_and_bands_of_the_version_in_use() -> None:
    before = {"a": Forecasting(windows=1000, mae=10.0, coverage=0.8)}
    last = date(2024, 2, 19)
    for mae, coverage, names in ((16.0, 0.8, ["error"]), (10.0, 0.5, ["coverage"]), (10.0, 0.85, [])):
        new = {("a", last): Forecasting(windows=1000, mae=mae, coverage=coverage)}
        open_weeks = look(days(), model=ModelInUse(new, before)).open
        assert [measure.name for week in open_weeks for measure in week.beyond] == names


def test_forecasts_are_measured_by_pump_and_week() -> None:
    made = forecasts(5.0)
    assert set(by_pump(made)) == {"pump0", "pump1"}
    weeks = by_week(made)
    assert {start for _, start in weeks} == {date(2024, 2, 26), date(2024, 3, 4)}
    assert sum(week.windows for week in weeks.values()) == len(made)
    assert by_pump(made)["pump0"].mae == pytest.approx(5.0 * np.sqrt(2 / np.pi), rel=0.05)
