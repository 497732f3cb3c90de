import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.insulin.action import FASTER, RAPID, REACH_MINUTES, InsulinAction
from bloodtwin_core.insulin.hovorka import HovorkaResponse, Physiology
from bloodtwin_core.simulation.physiology import Q1, S1, advance_minute, steady_state

ACTIONS = (RAPID, FASTER, HovorkaResponse())


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_a_dose_acts_from_nothing_to_all_of_it(action: InsulinAction) -> None:
    acted = action.acted(np.arange(-60.0, 600.0))
    assert (acted[:61] == 0.0).all()
    assert (acted >= 0.0).all()
    assert acted[60 + REACH_MINUTES :] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("action", [RAPID, FASTER], ids=lambda action: action.name)
@given(minutes=st.floats(0.0, 600.0), later=st.floats(0.0, 300.0))
def test_a_curve_of_action_never_falls(action: InsulinAction, minutes: float, later: float) -> None:
    assert action.acted(minutes + later) >= action.acted(minutes) - 1e-12


def test_activity_peaks_where_the_model_says() -> None:
    minutes = np.arange(0.0, 360.0)
    assert np.diff(RAPID.acted(minutes)).argmax() == pytest.approx(85, abs=1)  # 75 after a delay of 10.
    assert np.diff(FASTER.acted(minutes)).argmax() == pytest.approx(65, abs=1)


def test_the_linear_response_is_what_a_small_dose_does_to_the_body() -> None:
    response, person = HovorkaResponse(glucose=8.0), Physiology()
    plain, infusion = steady_state(person, 8.0)
    dosed, work = plain.copy(), np.empty((3, len(plain)))
    dosed[S1] += 1.0
    fall = []
    for _ in range(REACH_MINUTES):
        advance_minute(plain, person, infusion, 0.0, 1.0, work)
        advance_minute(dosed, person, infusion, 0.0, 1.0, work)
        fall.append(plain[Q1] - dosed[Q1])
    assert np.array(fall) / fall[-1] == pytest.approx(response.acted(np.arange(1.0, REACH_MINUTES + 1)), abs=2e-3)
