from dataclasses import replace

import numpy as np
import pytest
from torch import Tensor

from bloodtwin_core.config import EvaluationSettings, ModelSettings
from bloodtwin_core.evaluation.insulin_answers import InsulinResponse
from bloodtwin_core.evaluation.insulin_response import insulin_response
from bloodtwin_core.insulin.action import RAPID
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.records import Feature
from bloodtwin_core.reporting.html.insulin import insulin_section
from tests.core.tiny import TINY_DATA, tiny_windows

SETTINGS = EvaluationSettings(batch_size=50)
WINDOWS, SCALER = tiny_windows(pumps=1, count=800, missing=0.0)


class Believing(GlucoseForecaster):
    """Adds so many mg/dL for each unit of the last record, and for each U/h of the last record's basal."""

    def __init__(self, per_unit: float, per_rate: float) -> None:
        super().__init__(ModelSettings(hidden_size=4), TINY_DATA.horizon, SCALER, TINY_DATA.lookback)
        self.per_unit, self.per_rate = per_unit, per_rate

    def forward(self, window: Tensor) -> Tensor:
        last = window[:, -1]
        glucose = (
            self.per_unit * last[:, Feature.bolus_dose.column] + self.per_rate * last[:, Feature.basal_rate.column]
        )
        return 120.0 + glucose[:, None].expand(-1, TINY_DATA.horizon)


def asked(per_unit: float, per_rate: float) -> InsulinResponse:
    found = insulin_response(Believing(per_unit, per_rate), WINDOWS, SETTINGS)
    assert found is not None
    return found


def test_what_the_forecaster_says_stands_beside_pharmacology() -> None:
    found = asked(4.0, 0.0)
    one, three, six, without = found.answers
    assert [answer.change for answer in found.answers] == ["1 U now", "3 U now", "6 U now", "an hour without basal"]
    assert [answer.forecaster for answer in (one, three, six)] == pytest.approx([4.0, 12.0, 24.0], abs=1e-3)
    assert one.minutes == 30
    assert three.pharmacology == pytest.approx(3 * one.pharmacology)
    assert one.pharmacology < 0.0 < without.pharmacology
    assert without.forecaster == pytest.approx(0.0)


def test_pharmacology_is_the_action_curve_with_the_windows_own_sensitivity() -> None:
    series = WINDOWS.series.copy()
    series[:, Feature.basal_rate.column], series[:, Feature.bolus_dose.column] = 1.0, 0.0
    found = insulin_response(Believing(0.0, 0.0), replace(WINDOWS, series=series), SETTINGS)
    assert found is not None
    assert found.sensitivity == pytest.approx(1700 / 24)
    assert found.answers[0].pharmacology == pytest.approx(-found.sensitivity * float(RAPID.acted(30.0)))


def test_a_forecaster_that_has_learnt_meals_is_called_no_model_of_insulin() -> None:
    found = asked(4.0, 0.0)
    assert found.is_wrong
    assert "6 U now, it forecasts +24 mg/dL in 30 minutes" in found.verdict
    assert "no model of what insulin does" in found.verdict


def test_a_forecaster_with_the_right_sign_is_still_not_to_be_asked() -> None:
    found = asked(-4.0, -1.0)
    assert not found.is_wrong
    assert "no model of what insulin does" in found.verdict


def test_where_insulin_is_unknown_nothing_is_asked() -> None:
    series = WINDOWS.series.copy()
    series[:, Feature.basal_rate.column] = np.nan
    assert insulin_response(Believing(1.0, 0.0), replace(WINDOWS, series=series), SETTINGS) is None


def test_the_report_shows_every_answer() -> None:
    section = insulin_section(asked(4.0, 0.0))
    assert len(section.tables[0].rows) == 4
    assert "never ask it what a dose would do" in section.words[1]
