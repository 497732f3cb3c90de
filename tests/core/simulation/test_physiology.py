"""The model against its paper: Hovorka et al., Physiol Meas 25 (2004) 905-920."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from bloodtwin_core.insulin.hovorka import Physiology
from bloodtwin_core.simulation.gut import absorb_minute, eat, empty_gut
from bloodtwin_core.simulation.physiology import (
    MG_DL_PER_MMOL_L,
    MMOL_PER_GRAM,
    PLASMA_INSULIN,
    Q1,
    Q2,
    S1,
    S2,
    STATES,
    X1,
    X2,
    X3,
    advance_minute,
    rates,
    steady_state,
)
from bloodtwin_core.simulation.therapy import FASTING_GLUCOSE, titrated

HOVORKA = Physiology()


def change_per_minute(state, infusion=0.0, appearance=0.0, sensitivity=1.0, person=HOVORKA):
    change = np.empty(STATES)
    rates(np.asarray(state, dtype=float), person, infusion, appearance, sensitivity, change)
    return change


def glucose_course(minutes, infusion, bolus=0.0, carbohydrate=0.0, start=6.0, sensitivity=1.0, person=HOVORKA):
    """Glucose (mmol/L) of each minute, from the steady state at start, after a bolus (U) and a meal (g)."""
    state, _ = steady_state(person, start)
    state[S1] += 1000.0 * bolus
    gut, work = empty_gut(), np.empty((3, STATES))
    if carbohydrate:
        eat(gut, carbohydrate, person.carbohydrate_time, person.carbohydrate_share)
    course = []
    for _ in range(minutes):
        appearance = absorb_minute(gut) * MMOL_PER_GRAM / person.weight
        advance_minute(state, person, infusion, appearance, sensitivity, work)
        course.append(state[Q1] / person.glucose_volume)
    return np.array(course)


def basal(start=6.0, person=HOVORKA):
    return steady_state(person, start)[1]


@settings(max_examples=30, deadline=None)
@given(
    glucose=st.floats(4.5, 9.0),
    weight=st.floats(40.0, 120.0),
    sensitivity=st.floats(0.2, 2.0),
    egp0=st.floats(0.012, 0.025),
)
def test_in_steady_state_nothing_moves(glucose, weight, sensitivity, egp0):
    person = Physiology(weight=weight, egp0=egp0, sensitivity_disposal=8.2e-4 * sensitivity)
    state, infusion = steady_state(person, glucose)
    np.testing.assert_allclose(change_per_minute(state, infusion, person=person), 0.0, atol=1e-12)
    assert state[Q1] / person.glucose_volume == pytest.approx(glucose)


def test_steady_state_lasts_for_days():
    course = glucose_course(3 * 1440, basal())
    np.testing.assert_allclose(course, 6.0, atol=1e-6)


def test_uptake_without_insulin_is_f01_and_falls_below_4_5_mmol_per_l():
    def fall(glucose):
        state = np.zeros(STATES)
        state[Q1] = glucose * HOVORKA.glucose_volume
        return HOVORKA.egp0 - change_per_minute(state)[Q1]

    assert fall(4.5) == pytest.approx(HOVORKA.f01)
    assert fall(8.9) == pytest.approx(HOVORKA.f01)
    assert fall(2.25) == pytest.approx(HOVORKA.f01 / 2)


def test_glucose_is_lost_in_urine_above_9_mmol_per_l():
    state = np.zeros(STATES)
    state[Q1] = 12.0 * HOVORKA.glucose_volume
    lost = HOVORKA.egp0 - HOVORKA.f01 - change_per_minute(state)[Q1]
    assert lost == pytest.approx(0.003 * (12.0 - 9.0) * HOVORKA.glucose_volume)


def test_insulin_under_the_skin_appears_as_the_paper_says_and_fastest_after_t_max():
    state = np.zeros(STATES)
    state[S1] = 1000.0
    work, minutes = np.empty((3, STATES)), np.arange(1, 301)
    absorbed = []
    for _ in minutes:
        advance_minute(state, HOVORKA, 0.0, 0.0, 1.0, work)
        absorbed.append(state[S2] / HOVORKA.insulin_time)
    np.testing.assert_allclose(absorbed, 1000.0 * minutes * np.exp(-minutes / 55.0) / 55.0**2, rtol=1e-5)
    assert minutes[np.argmax(absorbed)] == 55


def test_insulin_leaves_the_blood_at_the_rate_k_e():
    state = np.zeros(STATES)
    state[PLASMA_INSULIN] = 20.0
    advance_minute(state, HOVORKA, 0.0, 0.0, 1.0, np.empty((3, STATES)))
    assert state[PLASMA_INSULIN] == pytest.approx(20.0 * np.exp(-0.138), rel=1e-4)


def test_the_effects_of_insulin_settle_at_sensitivity_times_insulin_disposal_first_transport_last():
    infusion = 10.0
    state, work = np.zeros(STATES), np.empty((3, STATES))
    state[Q1] = 8.0
    insulin = infusion / (HOVORKA.ke * HOVORKA.insulin_volume * HOVORKA.weight)
    state[S1] = state[S2] = infusion * HOVORKA.insulin_time
    state[PLASMA_INSULIN] = insulin
    half = {}
    for minute in range(1, 2000):
        advance_minute(state, HOVORKA, infusion, 0.0, 1.0, work)
        for effect, most in ((X1, 51.2e-4 * insulin), (X2, 8.2e-4 * insulin), (X3, 520e-4 * insulin)):
            if state[effect] >= most / 2:
                half.setdefault(effect, minute)
    np.testing.assert_allclose(
        [state[X1], state[X2], state[X3]], np.array([51.2e-4, 8.2e-4, 520e-4]) * insulin, rtol=1e-4
    )
    # Half-times ln 2 / k_a: 116, 12 and 23 min.
    assert half == {X1: 116, X2: 12, X3: 24}


def test_production_stops_at_high_insulin_but_never_turns_round():
    state = np.zeros(STATES)
    state[Q1], state[X3] = 6.0 * HOVORKA.glucose_volume, 1.7
    assert change_per_minute(state)[Q1] == pytest.approx(-HOVORKA.f01)


def test_a_meal_raises_glucose_for_an_hour_or_two_and_a_bolus_brings_it_back():
    bolus = 50.0 / titrated(HOVORKA).carbohydrate_ratio
    fasting = {"infusion": basal(FASTING_GLUCOSE), "start": FASTING_GLUCOSE}
    without = glucose_course(300, carbohydrate=50.0, **fasting)
    with_bolus = glucose_course(300, carbohydrate=50.0, bolus=bolus, **fasting)
    assert 45 <= np.argmax(with_bolus) <= 120
    assert without.max() > with_bolus.max() > FASTING_GLUCOSE + 2.0
    assert without[-1] > FASTING_GLUCOSE + 3.0
    assert with_bolus[-1] == pytest.approx(FASTING_GLUCOSE, abs=0.05)


def test_no_insulin_raises_glucose_more_insulin_lowers_it():
    assert glucose_course(300, 0.0)[-1] > 10.0
    assert glucose_course(300, 2.0 * basal())[-1] < 5.0


@settings(max_examples=20, deadline=None)
@given(low=st.floats(0.0, 3.0), more=st.floats(0.1, 3.0))
def test_more_insulin_never_means_more_glucose(low, more):
    assert np.all(glucose_course(240, basal(), bolus=low + more) <= glucose_course(240, basal(), bolus=low) + 1e-9)


@settings(max_examples=20, deadline=None)
@given(low=st.floats(0.3, 1.5), more=st.floats(0.05, 1.0))
def test_more_sensitivity_means_less_glucose(low, more):
    sensitive = glucose_course(240, basal(), sensitivity=low + more)
    assert sensitive[-1] < glucose_course(240, basal(), sensitivity=low)[-1]


def paper(time, state, infusion, carbohydrate):
    """The paper's equations, written once more and independently: total amounts, and the meal as its formula."""
    weight = 70.0
    q1, q2, s1, s2, insulin, x1, x2, x3 = state
    glucose = q1 / (0.16 * weight)
    f01c = 0.0097 * weight * min(1.0, glucose / 4.5)
    renal = 0.003 * (glucose - 9.0) * 0.16 * weight if glucose >= 9.0 else 0.0
    gut = carbohydrate * 1000.0 / 180.16 * 0.8 * time * np.exp(-time / 40.0) / 40.0**2
    return [
        -f01c - x1 * q1 + 0.066 * q2 - renal + gut + 0.0161 * weight * (1.0 - x3),
        x1 * q1 - (0.066 + x2) * q2,
        infusion - s1 / 55.0,
        s1 / 55.0 - s2 / 55.0,
        s2 / (55.0 * 0.12 * weight) - 0.138 * insulin,
        -0.006 * x1 + 0.006 * 51.2e-4 * insulin,
        -0.06 * x2 + 0.06 * 8.2e-4 * insulin,
        -0.03 * x3 + 0.03 * 520e-4 * insulin,
    ]


def test_the_compiled_step_agrees_with_an_independent_solver_to_a_tenth_of_a_mg_per_dl():
    start, infusion = steady_state(HOVORKA, 6.0)
    total = start.copy()
    total[[Q1, Q2]] *= 70.0
    total[S1] += 1200.0
    minutes = np.arange(1, 481)
    solved = solve_ivp(paper, (0, 480), total, t_eval=minutes, args=(infusion, 60.0), rtol=1e-9, atol=1e-9)
    expected = solved.y[0] / (0.16 * 70.0) * MG_DL_PER_MMOL_L
    course = glucose_course(480, infusion, bolus=1.2, carbohydrate=60.0) * MG_DL_PER_MMOL_L
    np.testing.assert_allclose(course, expected, atol=0.1)
