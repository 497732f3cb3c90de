import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.insulin.hovorka import Physiology
from bloodtwin_core.records import RECORDS_PER_DAY
from bloodtwin_core.simulation.controller import Therapy
from bloodtwin_core.simulation.meals import Habits, draw_meals
from bloodtwin_core.simulation.physiology import MG_DL_PER_MMOL_L, steady_state
from bloodtwin_core.simulation.population import draw_wearer
from bloodtwin_core.simulation.reactions import Reactions, corrects_by_hand, eats_rescue, is_awake
from bloodtwin_core.simulation.sensitivity import Rhythm, sensitivity
from bloodtwin_core.simulation.therapy import FASTING_GLUCOSE, glucose_after, titrated

HABITS = Habits(1.0, 0.0, 1.0, 1.0, carbohydrate_time=40.0, carbohydrate_share=0.8)
REACTIONS = Reactions(0.5, 0.1, 15.0, 0.05, wakes=7.0, sleeps=23.0)


def test_some_boluses_are_missed_and_some_are_late():
    eaten = draw_meals(seed=1, wearer=0, days=300, habits=HABITS, utc_offset_hours=0)
    given_share = len(eaten.bolus_minute) / len(eaten.minute)
    assert 0.80 < given_share < 0.93
    careful = draw_meals(1, 0, 300, HABITS._replace(carelessness=0.0), 0)
    assert len(careful.bolus_minute) >= len(careful.minute) - 1
    late = careful.bolus_minute[: len(careful.minute)] - careful.minute[: len(careful.bolus_minute)]
    assert late.max() < 60
    careless = draw_meals(1, 0, 300, HABITS._replace(carelessness=4.0), 0)
    assert len(careless.bolus_minute) < 0.6 * len(careless.minute)


def test_carbohydrate_a_day_and_the_times_of_meals_are_an_adults():
    eaten = draw_meals(seed=1, wearer=0, days=300, habits=HABITS, utc_offset_hours=0)
    assert 120 < eaten.carbohydrate.sum() / 300 < 200
    hours = (eaten.minute // 60) % 24
    assert np.mean((hours >= 5) & (hours <= 23)) > 0.99


@settings(max_examples=25, deadline=None)
@given(offset=st.integers(-12, 14), days=st.integers(1, 5))
def test_meals_are_in_order_and_follow_the_local_clock(offset, days):
    there = draw_meals(3, 1, days, HABITS, offset)
    assert np.all(np.diff(there.minute) >= 0)
    assert np.all(np.diff(there.bolus_minute) >= 0)
    assert min(there.minute.min(initial=0), there.bolus_minute.min(initial=0)) >= 0
    greenwich = draw_meals(3, 1, days, HABITS, 0)
    shifted = greenwich.minute - 60 * offset
    np.testing.assert_array_equal(there.minute, shifted[shifted >= 0])


def test_sensitivity_varies_by_day_by_hour_and_by_wave():
    still = Rhythm(wave=0.0, most_sensitive_hour=15.0, daily_spread=0.0, hourly_spread=0.0)
    np.testing.assert_allclose(sensitivity(1, 0, 2, still, 0), 1.0)
    wave = np.log(sensitivity(1, 0, 1, still._replace(wave=0.2), 0))
    assert np.argmax(wave) == 15 * 12
    assert wave.max() == pytest.approx(0.2, abs=1e-6)
    assert np.argmax(sensitivity(1, 0, 1, still._replace(wave=0.2), -7)) == 22 * 12
    slow = np.log(sensitivity(1, 0, 400, still._replace(daily_spread=0.17), 0))
    assert slow.std() == pytest.approx(0.17, rel=0.15)
    daily = slow.reshape(400, RECORDS_PER_DAY).mean(axis=1)
    assert 0.3 < np.corrcoef(daily[1:], daily[:-1])[0, 1] < 0.7


def test_titrated_settings_suit_the_body():
    person = Physiology(sensitivity_transport=25e-4, sensitivity_disposal=4e-4, sensitivity_production=250e-4)
    therapy = titrated(person)
    state, infusion = steady_state(person, FASTING_GLUCOSE)
    assert therapy.basal_rate == pytest.approx(infusion * 60 / 1000)
    after = glucose_after(person, state.copy(), infusion, 50.0, 50.0 / therapy.carbohydrate_ratio)
    assert after * MG_DL_PER_MMOL_L == pytest.approx(122.0, abs=1.0)
    one_more = glucose_after(person, state.copy(), infusion, 50.0, 50.0 / therapy.carbohydrate_ratio - 1.0)
    assert (one_more - after) * MG_DL_PER_MMOL_L == pytest.approx(therapy.correction_factor, rel=0.01)


def test_wearers_differ_and_need_what_people_need():
    people = [draw_wearer(2024, number) for number in range(30)]
    therapies = [person.therapy for person in people]
    assert len({person.physiology for person in people}) == 30
    assert all(0.1 < therapy.basal_rate < 5.0 for therapy in therapies)
    assert all(3.0 < therapy.carbohydrate_ratio < 60.0 for therapy in therapies)
    assert all(5.0 < therapy.correction_factor < 250.0 for therapy in therapies)
    assert isinstance(therapies[0], Therapy)
    assert len({person.utc_offset_hours for person in people}) > 5


def test_a_wearer_eats_when_low_more_readily_awake():
    assert eats_rescue(REACTIONS, True, 65.0, 65.0, 25, 0.3)
    assert not eats_rescue(REACTIONS, False, 65.0, 65.0, 25, 0.3)
    assert eats_rescue(REACTIONS, True, 90.0, 50.0, 25, 0.3)
    assert not eats_rescue(REACTIONS, True, 90.0, 80.0, 25, 0.3)
    assert not eats_rescue(REACTIONS, True, 65.0, 65.0, 24, 0.3)


def test_a_wearer_corrects_by_hand_when_high_awake_and_an_hour_after_the_last_bolus():
    assert corrects_by_hand(REACTIONS, True, 260.0, 2.0, 60, 0.01)
    assert not corrects_by_hand(REACTIONS, False, 260.0, 2.0, 60, 0.01)
    assert not corrects_by_hand(REACTIONS, True, 210.0, 2.0, 60, 0.01)
    assert not corrects_by_hand(REACTIONS, True, 260.0, 0.2, 60, 0.01)
    assert not corrects_by_hand(REACTIONS, True, 260.0, 2.0, 59, 0.01)
    assert not corrects_by_hand(REACTIONS, True, 260.0, 2.0, 60, 0.9)


@pytest.mark.parametrize(
    ("utc_hour", "offset", "awake"), [(6, 0, False), (8, 0, True), (23, 0, False), (6, 2, True), (8, -7, False)]
)
def test_wearers_sleep_by_the_local_clock(utc_hour, offset, awake):
    assert is_awake(REACTIONS, utc_hour * 60, offset) is awake
