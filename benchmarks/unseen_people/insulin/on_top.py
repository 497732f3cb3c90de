"""What a wearer's past says, learnt on top of a variant's network that stays as it is, as the package learns it."""

from typing import Any

from benchmarks.unseen_people.insulin.further import FurtherInputs
from bloodtwin_core.records import FEATURES
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.past import with_past
from bloodtwin_core.windows.scaler import FeatureScaler

PAST_ALONE: dict[str, Any] = {
    "past_alone": True,
    "hide_past": 0.0,
    "blur_past": 0.3,
    "learning_rate": 1e-3,
    "max_epochs": 4,
}
"""configs/pretrained_past.yaml."""


class PackagesPast(FurtherInputs):
    """The past as the package reads it; its rows stand in a table already, and its scales are fixed."""

    def beside(self, windows: WindowedSeries) -> WindowedSeries:
        """The windows, whose series has the columns of the past behind the features."""
        return with_past(windows)

    def scaled_with(self, scaler: FeatureScaler, windows: WindowedSeries) -> FeatureScaler:  # noqa: ARG002
        """The scaler with the scales of the past."""
        return scaler.with_past()


PACKAGES_PAST = PackagesPast({}, lambda windows: with_past(windows).series[:, len(FEATURES) :])
