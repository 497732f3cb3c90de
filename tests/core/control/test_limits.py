import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.control.controller import Decision, TherapySettings
from bloodtwin_core.control.limits import Limited, Limits
from bloodtwin_core.records import BASAL_LIMITS, BOLUS_LIMITS
from tests.core.control.states import forecast, state

readings = st.one_of(st.floats(39, 401, width=32), st.just(float("nan")))
amounts = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 30))
therapies = st.builds(TherapySettings, st.floats(0.05, 4), st.floats(10, 200), st.floats(3, 40))


@st.composite
def states(draw):
    told = draw(st.one_of(st.none(), st.floats(20, 600, width=32)))
    return state(
        draw(st.lists(readings, min_size=1, max_size=8)),
        insulin_on_board=draw(st.floats(-5, 40)),
        forecast=None if told is None else forecast(told),
        therapy=draw(therapies),
    )


@settings(max_examples=300)
@given(states(), amounts, amounts)
def test_no_decision_passes_the_limits(now, rate, bolus):
    limits = Limits()
    given_ = limits.applied(Decision(rate, bolus), now)
    profile = now.therapy.basal_rate
    assert 0.0 <= given_.basal_rate <= min(BASAL_LIMITS.high, 4.0 * profile)
    assert 0.0 <= given_.bolus <= min(6.0, BOLUS_LIMITS.high)
    more = max(0.0, given_.basal_rate - profile) * 5 / 60 + given_.bolus
    assert more == 0.0 or now.insulin_on_board + more <= limits.most_on_board(now) + 1e-9
    if not now.is_fresh:
        assert given_.bolus == 0.0
        assert given_.basal_rate <= profile
    elif now.newest < 54.0 or now.line_ahead(30) < 54.0:
        assert given_ == Decision(0.0)
    elif now.newest < 70.0 or now.line_ahead(30) < 70.0:
        assert given_.bolus == 0.0
        assert given_.basal_rate <= profile


@given(states(), st.floats(0, 20), st.floats(0, 20))
def test_a_decision_is_only_ever_lessened_and_one_within_stays(now, rate, bolus):
    once = Limits().applied(Decision(rate, bolus), now)
    assert once.basal_rate <= rate
    assert once.bolus <= bolus
    again = Limits().applied(once, now)
    np.testing.assert_allclose([again.basal_rate, again.bolus], [once.basal_rate, once.bolus], atol=1e-9)


@given(states(), st.floats(0, 20), st.floats(0, 20), st.floats(20, 600, width=32))
def test_no_forecast_makes_the_limits_wider(now, rate, bolus, told):
    without = state(now.glucose, now.insulin_on_board, therapy=now.therapy)
    with_one = state(now.glucose, now.insulin_on_board, forecast=forecast(told), therapy=now.therapy)
    plain, told_more = (Limits().applied(Decision(rate, bolus), each) for each in (without, with_one))
    assert told_more.basal_rate <= plain.basal_rate
    assert told_more.bolus <= plain.bolus


class Reckless:
    wants_forecast = True

    def decide(self, _now):
        return Decision(9.0, 25.0)


def test_a_controller_inside_limits_is_held():
    limited = Limited(Reckless())
    assert limited.wants_forecast
    assert limited.decide(state([52.0] * 6)) == Decision(0.0)
    assert limited.decide(state([60.0] * 6)) == Decision(1.0)
    assert limited.decide(state([200.0, *[float("nan")] * 4])) == Decision(1.0)
    assert limited.decide(state([200.0] * 6)) == Decision(4.0, 6.0)
    assert limited.decide(state([200.0] * 6, forecast=forecast(50.0))) == Decision(0.0)
