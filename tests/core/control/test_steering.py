import numpy as np
import pytest

from bloodtwin_core.control.controllers import CONTROLLERS
from bloodtwin_core.control.steering import Pump, steer, steer_together
from bloodtwin_core.pretrained import base_streaming_forecaster
from bloodtwin_core.records import RECORD_INTERVAL, Feature, records_from_signals
from bloodtwin_core.simulation import simulate_wearer
from bloodtwin_core.simulation.history import FIRST_RECORD, drawn_lot
from bloodtwin_core.simulation.steered import SteeredLife


def test_a_life_under_control_iq_is_the_simulators_own_history_bit_for_bit():
    history, life = simulate_wearer(7, 3, 4), steer(drawn_lot(7, 3, 4), CONTROLLERS["control-iq"].fresh())
    for signal, feature in (
        (life.lived.readings, Feature.bg),
        (life.lived.basal_rate, Feature.basal_rate),
        (life.lived.bolus, Feature.bolus_dose),
    ):
        np.testing.assert_array_equal(signal[288:], history.feature(feature))


def test_the_same_lot_is_eaten_whoever_steers():
    lot = drawn_lot(7, 1, 1)
    lives = [steer(lot, CONTROLLERS[name].fresh()) for name in ("profile", "control-iq")]
    assert not np.array_equal(lives[0].lived.blood, lives[1].lived.blood)
    np.testing.assert_array_equal(np.isnan(lives[0].lived.readings), np.isnan(lives[1].lived.readings))


def test_a_pump_forecasts_once_it_knows_a_day():
    life = SteeredLife(drawn_lot(7, 2, 1))
    pump = Pump(life, base_streaming_forecaster().network)
    forecasts = []
    for _ in range(300):
        life.step(pump.therapy.basal_rate, 0.0)
        forecasts.append(pump.state().forecast)
    assert forecasts[250] is None
    assert forecasts[-1] is not None


def test_a_pump_forecasts_what_the_streaming_forecaster_does_from_the_records_of_the_life():
    life = SteeredLife(drawn_lot(7, 2, 1))
    pump, alone = Pump(life, base_streaming_forecaster().network), base_streaming_forecaster()
    for _ in range(400):
        life.step(pump.therapy.basal_rate, 0.0)
        now = pump.state()
    lived = life.lived
    times = FIRST_RECORD + RECORD_INTERVAL * np.arange(400)
    signals = (lived.readings[:400], lived.basal_rate[:400], lived.bolus[:400])
    offset = life.lot.wearer.utc_offset_hours
    alone.feed(records_from_signals("virtual", times, *signals), zone=f"{offset:+03d}:00")
    np.testing.assert_allclose(now.forecast.quantiles, alone.forecast().quantiles, atol=1e-3)


def test_a_life_that_is_over_takes_no_step():
    life = steer(drawn_lot(7, 2, 1), CONTROLLERS["profile"].fresh())
    assert life.over
    assert life.record == 2 * 288
    with pytest.raises(ValueError, match="begin another"):
        life.step(1.0, 0.0)


def test_lives_side_by_side_are_the_same_as_one_by_one():
    lots, kind = [drawn_lot(7, wearer, 1) for wearer in range(3)], CONTROLLERS["quantile"]
    network = base_streaming_forecaster().network
    together = steer_together(lots, [kind.fresh() for _ in lots], network)
    for lot, life in zip(lots[:2], together, strict=False):
        alone = steer(lot, kind.fresh(), network)
        for ours, theirs in zip(life.lived, alone.lived, strict=True):
            np.testing.assert_array_equal(ours, theirs)
