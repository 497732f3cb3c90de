import numpy as np

from bloodtwin_core.simulation.history import live_history
from bloodtwin_core.simulation.lives import lived_twice

STEPS = 72
MOMENTS = np.array([300, 400, 500])
NONE = np.zeros(STEPS, np.float32)


def test_a_life_lived_again_without_a_change_is_the_same() -> None:
    plain, changed = lived_twice(live_history(5, 0, 2).life, MOMENTS, NONE, NONE)
    assert plain.shape == (3, STEPS)
    assert (plain == changed).all()


def test_more_insulin_lowers_glucose_and_less_raises_it() -> None:
    life = live_history(5, 0, 2).life
    dose, suspension = NONE.copy(), NONE.copy()
    dose[0], suspension[:12] = 2.0, -5.0
    plain, dosed = lived_twice(life, MOMENTS, dose, NONE)
    assert (dosed[:, 11:] < plain[:, 11:]).all()
    _, suspended = lived_twice(life, MOMENTS, NONE, suspension)
    assert (suspended >= plain).all()


def test_a_life_lived_again_stays_near_what_the_sensor_showed() -> None:
    history = live_history(5, 1, 3)
    moments = np.arange(history.run_in, history.run_in + 288)
    plain, _ = lived_twice(history.life, moments, NONE[:1], NONE[:1])
    shown = history.records.values[1:289, 0]
    known = np.isfinite(shown)
    assert np.median(np.abs(plain[known, 0] - shown[known])) < 15.0  # The sensor's own error, and a dose minutes apart.
