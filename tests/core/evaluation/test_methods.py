"""The dense scan stands in for single windows only where it was asked for and shown to agree."""

import numpy as np
import pytest

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.testing import forecast_windows
from bloodtwin_core.records import Split
from tests.core.network.test_scan import with_forget_bias
from tests.core.tiny import tiny_windows


@pytest.mark.parametrize(
    ("settings", "forget_bias", "says"),
    [
        (EvaluationSettings(), -4.0, "one by one."),
        (EvaluationSettings(scan=True), -4.0, "by dense scan, which differs by"),
        (EvaluationSettings(scan=True), 8.0, "0.001 is allowed"),
    ],
)
def test_each_way_gives_the_same_forecasts_and_says_which_it_is(
    settings: EvaluationSettings, forget_bias: float, says: str
) -> None:
    windows, _ = tiny_windows(missing=0.03)
    rows = windows.origins[Split.test].rows[5::3]
    method = method_for(with_forget_bias(forget_bias), windows, settings, "cpu")
    assert says in method.reading
    expected = forecast_windows(with_forget_bias(forget_bias), windows, rows, 64, "cpu")
    np.testing.assert_allclose(method.predict(rows), expected, atol=1e-4)
