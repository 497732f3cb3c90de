"""States of a pump, made by hand."""

import numpy as np

from bloodtwin_core.control.controller import PumpState, TherapySettings
from bloodtwin_core.serving.forecast import Forecast, following

NOW = np.datetime64("2026-01-31T12:00:00", "s")
THERAPY = TherapySettings(basal_rate=1.0, correction_factor=50.0, carbohydrate_ratio=10.0)
LEVELS = (0.1, 0.5, 0.9)


def state(glucose, insulin_on_board=0.0, bolus_age=600.0, forecast=None, therapy=THERAPY):
    """glucose: the newest last, NaN where nothing was read."""
    shown = np.asarray(glucose, np.float32)
    measured = np.flatnonzero(~np.isnan(shown))
    age = 5.0 * (len(shown) - 1 - measured[-1]) if len(measured) else 1e7
    zeros = np.zeros(len(shown), np.float32)
    return PumpState(NOW, 1, shown, zeros, zeros, insulin_on_board, bolus_age, float(age), therapy, forecast)


def forecast(glucose, spread=0.0):
    """A forecast of 12 steps; its outer quantiles lie so far (mg/dL) from the middle."""
    middle = np.broadcast_to(np.asarray(glucose, np.float32), 12)
    quantiles = np.stack([middle - spread, middle, middle + spread], axis=1)
    return Forecast("virtual", NOW, following(NOW, 12), middle, LEVELS, quantiles)
