import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.control.controller import Decision
from bloodtwin_core.control.controllers.control_iq import ControlIQ
from bloodtwin_core.control.controllers.predictive import Predictive
from bloodtwin_core.control.limits import Limited
from tests.core.control.states import forecast, state


def decided(glucose, ahead, spread=15.0, **more):
    return Predictive().decide(state([glucose] * 6, forecast=forecast(ahead, spread), **more))


def test_it_gives_insulin_for_a_high_and_none_before_a_low():
    assert decided(250.0, 260.0).bolus > 0.5
    assert decided(90.0, 62.0) == Decision(0.0)


def test_in_the_middle_of_the_range_it_gives_no_bolus():
    assert decided(110.0, 110.0).bolus == 0.0


def test_insulin_on_board_is_waited_for():
    without, with_some = decided(250.0, 260.0), decided(250.0, 260.0, insulin_on_board=4.0)
    assert with_some.bolus < without.bolus


def test_boluses_are_half_an_hour_apart():
    assert decided(250.0, 260.0, bolus_age=25.0).bolus == 0.0
    assert decided(250.0, 260.0, bolus_age=30.0).bolus > 0.0


@pytest.mark.parametrize("glucose", [[200.0] * 6, [90.0] * 6, [200.0, *[float("nan")] * 5]])
def test_without_a_forecast_or_a_fresh_reading_control_iq_decides(glucose):
    now = state(glucose)
    assert Predictive().decide(now) == ControlIQ().decide(now)


@settings(max_examples=60)
@given(st.floats(40, 400, width=32), st.floats(40, 400, width=32), st.floats(0, 60, width=32), st.floats(-2, 10))
def test_inside_limits_nothing_is_given_at_a_low_whatever_is_forecast(glucose, ahead, spread, on_board):
    now = state([glucose] * 6, forecast=forecast(np.clip(ahead, 20, 600), spread), insulin_on_board=on_board)
    given_ = Limited(Predictive()).decide(now)
    assert given_.basal_rate >= 0.0
    assert given_.bolus >= 0.0
    if glucose < 54.0:
        assert given_ == Decision(0.0)
    elif glucose < 70.0:
        assert given_.bolus == 0.0
        assert given_.basal_rate <= 1.0
