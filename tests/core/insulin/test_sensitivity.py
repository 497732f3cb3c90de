import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.insulin.sensitivity import Sensitivity
from bloodtwin_core.records import RECORD_INTERVAL, RECORDS_PER_DAY, PumpRecords, records_from_signals


def records(days: float, basal: float, bolus_a_day: float) -> PumpRecords:
    number = int(days * RECORDS_PER_DAY)
    times = np.datetime64("2026-01-01T00:00:00", "s") + np.arange(number) * RECORD_INTERVAL
    bolus = np.zeros(number)
    bolus[::RECORDS_PER_DAY] = bolus_a_day
    return records_from_signals("1", times, np.full(number, 120.0), np.full(number, basal), bolus)


def test_it_is_guessed_from_the_units_of_a_day() -> None:
    assert Sensitivity.guessed(records(14, basal=1.0, bolus_a_day=10.0)).per_unit == pytest.approx(1700 / 34, rel=1e-4)


def test_only_the_last_fourteen_days_count() -> None:
    before, since = records(20, 2.0, 0.0), records(14, 1.0, 10.0)
    values = np.concatenate([before.values, since.values])
    times = before.timestamps[0] + np.arange(len(values)) * RECORD_INTERVAL
    assert Sensitivity.guessed(PumpRecords("1", times, values)).per_unit == pytest.approx(1700 / 34, rel=1e-4)


@pytest.mark.parametrize("given", [records(0.5, 1.0, 10.0), records(3, np.nan, 0.0), records(3, 0.0, 0.0)])
def test_too_little_insulin_to_guess_from_is_said(given: PumpRecords) -> None:
    with pytest.raises(DataError, match="too little to guess"):
        Sensitivity.guessed(given)


@pytest.mark.parametrize("per_unit", [0.0, -40.0, np.nan, np.inf, 1000.0])
def test_what_no_person_has_is_refused(per_unit: float) -> None:
    with pytest.raises(SettingsError, match="mg/dL per U"):
        Sensitivity(per_unit)
