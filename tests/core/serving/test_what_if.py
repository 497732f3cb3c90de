import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.insulin.action import FASTER, RAPID, InsulinAction
from bloodtwin_core.insulin.hovorka import HovorkaResponse
from bloodtwin_core.insulin.sensitivity import Sensitivity
from bloodtwin_core.records import RECORD_INTERVAL, Feature, PumpRecords, records_from_signals
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.serving.insulin_plan import BasalChange, DoseChange, InsulinPlan
from bloodtwin_core.serving.what_if import effect_per_unit, what_if
from tests.core.serving.small_models import a_day, rules, small_exports

SENSITIVITY = Sensitivity(40.0)
HOUR = np.arange(5.0, 361.0, 5.0)
DOSES = st.builds(DoseChange, st.floats(-120.0, 300.0), st.floats(0.0, 10.0))
RATES = st.builds(
    lambda first, lasts, rate: BasalChange(first, first + lasts, rate),
    st.floats(0.0, 100.0),
    st.floats(0.0, 100.0),
    st.floats(0.0, 3.0),
)


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> Forecaster:
    return Forecaster.load(small_exports(tmp_path_factory.mktemp("small"), rules()) / "model.onnx")


@pytest.fixture(scope="module")
def records() -> PumpRecords:
    day = a_day()
    values = day.values.copy()
    values[:, Feature.basal_rate.column], values[-3, Feature.bolus_dose.column] = 1.2, 2.0
    return PumpRecords(day.pump_id, day.timestamps, values)


@pytest.mark.parametrize("action", [RAPID, FASTER, HovorkaResponse()], ids=lambda action: action.name)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(doses=st.lists(DOSES, max_size=3), rates=st.lists(RATES, max_size=2))
def test_more_insulin_never_raises_glucose(
    action: InsulinAction, doses: list[DoseChange], rates: list[BasalChange]
) -> None:
    assert (effect_per_unit(InsulinPlan(doses, rates), HOUR, action) <= 1e-9).all()


def test_without_a_change_the_forecast_stays_what_it_is(forecaster: Forecaster, records: PumpRecords) -> None:
    answer = what_if(forecaster, records, InsulinPlan(), SENSITIVITY)
    assert answer.plain.glucose.tolist() == forecaster.forecast(records).glucose.tolist()
    assert answer.changed.glucose.tolist() == answer.plain.glucose.tolist()
    assert answer.changed.quantiles == pytest.approx(answer.plain.quantiles, abs=1e-4)
    assert not answer.effect.any()


def test_a_dose_takes_off_the_sensitivity_in_six_hours(forecaster: Forecaster, records: PumpRecords) -> None:
    answer = what_if(forecaster, records, InsulinPlan([DoseChange(0.0, 2.0)]), SENSITIVITY)
    assert answer.effect[-1] == pytest.approx(-80.0, abs=0.2)
    assert (answer.changed.glucose <= answer.plain.glucose).all()
    assert answer.minutes[-1] == 360.0
    assert answer.action == RAPID.name


def test_what_is_unsure_of_the_effect_widens_the_band(forecaster: Forecaster, records: PumpRecords) -> None:
    answer = what_if(forecaster, records, InsulinPlan([DoseChange(-60.0, 3.0)]), Sensitivity(40.0, spread=0.5))
    widths = [np.ptp(each.quantiles, axis=1) for each in (answer.plain, answer.changed) if each.quantiles is not None]
    assert (widths[1] > widths[0]).all()
    assert (answer.lowest <= answer.effect).all()
    assert (answer.effect <= answer.highest).all()


def test_an_hour_without_basal_raises_by_what_it_would_have_taken_off(records: PumpRecords) -> None:
    effect = effect_per_unit(InsulinPlan.suspended(records, 60.0), HOUR, RAPID)
    assert effect[-1] == pytest.approx(1.2, abs=0.05)
    assert (effect >= 0.0).all()


def test_what_a_past_dose_had_done_by_now_is_in_the_readings() -> None:
    effect = effect_per_unit(InsulinPlan([DoseChange(-10.0, -2.0)]), HOUR, RAPID)
    assert effect[-1] == pytest.approx(2.0 * (1.0 - RAPID.acted(10.0)), abs=0.01)


def test_glucose_stays_within_what_can_be(forecaster: Forecaster, records: PumpRecords) -> None:
    answer = what_if(forecaster, records, InsulinPlan([DoseChange(0.0, 25.0)]), Sensitivity(500.0))
    assert answer.changed.glucose.min() >= 20.0


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (InsulinPlan([DoseChange(-10.0, -2.5)]), "2 U were given then"),
        (InsulinPlan([DoseChange(5.0, -1.0)]), "0 U were given then"),
        (InsulinPlan([DoseChange(0.0, np.nan)]), "by nan U"),
        (InsulinPlan([DoseChange(0.0, np.inf)]), "by inf U. Change it by at most 25 U"),
        (InsulinPlan([DoseChange(0.0, 2500.0)]), "by 2500 U. Change it by at most 25 U"),
        (InsulinPlan(basal=[BasalChange(0.0, 60.0, np.inf)]), "by inf U/h. Change it by at most 10 U/h"),
        (InsulinPlan([DoseChange(np.nan, 1.0)]), "outside what can be told"),
        (InsulinPlan([DoseChange(1000.0, 1.0)]), "outside what can be told"),
        (InsulinPlan([DoseChange(-9000.0, 1.0)]), "outside what can be told"),
        (InsulinPlan(basal=[BasalChange(0.0, 60.0, -1.5)]), "it is 1.2 U/h there"),
        (InsulinPlan(basal=[BasalChange(60.0, 0.0, 1.0)]), "outside what can be told"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(
    forecaster: Forecaster, records: PumpRecords, plan: InsulinPlan, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        what_if(forecaster, records, plan, SENSITIVITY)


def test_a_suspension_needs_a_known_rate() -> None:
    times = np.datetime64("2026-01-01T00:00:00", "s") + np.arange(3) * RECORD_INTERVAL
    unknown = records_from_signals("1", times, np.full(3, 120.0), np.full(3, np.nan), np.zeros(3))
    with pytest.raises(DataError, match="present basal rate is unknown"):
        InsulinPlan.suspended(unknown, 60.0)
