"""What one five-minute record is: its features, their units, their physiological limits and what fills their gaps.

Every number here is part of the record contract. What is not known is NaN. Of insulin and carbohydrates that means
unknown and never none: where none was delivered or announced, the value is 0. Whoever has only glucose leaves them NaN.

FEATURE_TABLE is the one place for a feature: records, checks, filling, scaler, network, baselines and exports derive
from it. The contract's eight always come first; a run asks for further ones with data.extra_features, and then a source
that knows them gives them. A further feature is a further row at the end of the table and the sources that know it.

PAST_TABLE has what a wearer's own past says of them (past.py). A network reads these columns behind its features where
model.past asks for them; no file of records holds them, and no source gives them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records.cadence import RECORDS_PER_DAY


class Feature(StrEnum):
    """The contract's eight features of a record, in the order in which every array and file holds them."""

    bg = "bg"
    delta_bg = "delta_bg"
    basal_rate = "basal_rate"
    bolus_dose = "bolus_dose"
    sin_time = "sin_time"
    cos_time = "cos_time"
    bg_clip_flag = "bg_clip_flag"
    bg_missing_flag = "bg_missing_flag"

    @property
    def column(self) -> int:
        """Place of the feature in the last axis of an array."""
        return FEATURES.index(self)


FEATURES: tuple[Feature, ...] = tuple(Feature)
CARBOHYDRATES = "carbohydrates"
"""g announced in the five minutes of a record, to the pump or the diary, whatever was eaten."""


@dataclass(frozen=True)
class Limits:
    """A closed interval of physically possible values."""

    low: float
    high: float
    unit: str


class CarriedForward(StrEnum):
    """What a network sees where a feature is unknown."""

    always = "always"
    """The last known value however old it is; before the first, the training median."""
    for_a_day = "for a day"
    """The last known value for CARRIED_BASAL_RECORDS; after them the feature is unknown."""
    never = "never"
    """Nothing: the feature stays unknown."""
    as_no_change = "as no change"
    """0."""


@dataclass(frozen=True)
class FeatureRow:
    """A row of the table: unit, limits (None: no limits) and how the feature is carried forward where it is unknown.

    may_be_unknown: whether a record may hold NaN. spread: the scale of the network's input, in the feature's unit,
    where the middle half of the training records holds one value, as of what is 0 in most records. about: what a value
    is, for a feature that data.extra_features may ask for.
    """

    unit: str
    limits: Limits | None
    may_be_unknown: bool = False
    carried_forward: CarriedForward = CarriedForward.never
    spread: float = 1.0
    about: str = ""

    @property
    def stays_unknown(self) -> bool:
        """Whether a network may see NaN, for which it has a learned constant."""
        filled = self.carried_forward in (CarriedForward.always, CarriedForward.as_no_change)
        return self.may_be_unknown and not filled


GLUCOSE_LIMITS = Limits(20.0, 600.0, "mg/dL")
"""What a sensor or blood meter can plausibly say; values outside are clipped and flagged."""
BASAL_LIMITS = Limits(0.0, 10.0, "U/h")
BOLUS_LIMITS = Limits(0.0, 25.0, "U")
"""The largest single bolus that common pumps deliver."""
CARBOHYDRATE_LIMITS = Limits(0.0, 999.0, "g")
"""The most that a t:slim X2 takes as one entry, t:slim X2 user guide."""
CARRIED_BASAL_RECORDS = RECORDS_PER_DAY
"""Records (24 h) for which the last known basal rate stands in for an unknown one. Basal profiles repeat every day, so
an older rate says nothing more about the hours to come. No unknown stretch inside a segment of AZT1D lasts longer."""
_TIME_LIMITS, _FLAG_LIMITS = Limits(-1.0, 1.0, "1"), Limits(0.0, 1.0, "0 or 1")

FEATURE_TABLE: dict[str, FeatureRow] = {
    Feature.bg: FeatureRow("mg/dL", GLUCOSE_LIMITS, True, CarriedForward.always),
    Feature.delta_bg: FeatureRow("mg/dL per 5 min", None, True, CarriedForward.as_no_change),
    Feature.basal_rate: FeatureRow("U/h", BASAL_LIMITS, True, CarriedForward.for_a_day),
    Feature.bolus_dose: FeatureRow("U", BOLUS_LIMITS, True),
    Feature.sin_time: FeatureRow("1", _TIME_LIMITS),
    Feature.cos_time: FeatureRow("1", _TIME_LIMITS),
    Feature.bg_clip_flag: FeatureRow("0 or 1", _FLAG_LIMITS),
    Feature.bg_missing_flag: FeatureRow("0 or 1", _FLAG_LIMITS),
    CARBOHYDRATES: FeatureRow(
        "g", CARBOHYDRATE_LIMITS, True, spread=10.0, about="announced in a record's five minutes"
    ),
}
"""Every feature that a record can have, by its name in files, settings and exports; the order is that of arrays."""


@dataclass(frozen=True)
class PastRow(FeatureRow):
    """A row of PAST_TABLE. A network's input is (value - centre) / spread, the same for every training.

    They are roughly the mean and the standard deviation over the days of the people of AZT1D and BrisT1D.
    follows: the feature of which it tells, empty where it tells of none or of shares of time: where training changes or
    hides that feature, it changes or hides this one too.
    """

    centre: float = 0.0
    follows: str = ""


def _of_glucose(about: str, centre: float = 150.0, spread: float = 20.0) -> PastRow:
    return PastRow("mg/dL", None, True, spread=spread, about=about, centre=centre, follows=Feature.bg)


def _share(about: str, centre: float, spread: float) -> PastRow:
    return PastRow("1", None, True, spread=spread, about=about, centre=centre)


def _dose(feature: Feature, centre: float, spread: float) -> PastRow:
    about = f"units a day by {feature}, days counting less by e after a week"
    return PastRow("U", None, True, spread=spread, about=about, centre=centre, follows=feature)


PAST_KNOWN = "past_known"
"""Whether a week of readings has been seen. Where it is 0, every other row of the past is unknown."""

PAST_TABLE: dict[str, PastRow] = {
    "mean_glucose_1d": _of_glucose("mean, readings counting less by e after a day"),
    "mean_glucose_3d": _of_glucose("mean, readings counting less by e after 3 days"),
    "mean_glucose_7d": _of_glucose("mean, readings counting less by e after 7 days"),
    "mean_glucose_14d": _of_glucose("mean, readings counting less by e after 14 days"),
    "usual_glucose": _of_glucose("usual at this hour of the days before", spread=25.0),
    "usual_glucose_in_1h": _of_glucose("usual at the next hour of the days before", spread=25.0),
    "glucose_deviation": _of_glucose("standard deviation, as mean_glucose_14d", centre=50.0, spread=12.0),
    "share_low": _share("share of the readings below the target range, as mean_glucose_14d", 0.02, 0.015),
    "share_high": _share("share of the readings above the target range, as mean_glucose_14d", 0.25, 0.12),
    "basal_a_day": _dose(Feature.basal_rate, 24.0, 12.0),
    "bolus_a_day": _dose(Feature.bolus_dose, 30.0, 25.0),
    PAST_KNOWN: PastRow("0 or 1", _FLAG_LIMITS, about="whether a week of readings has been seen"),
}
"""What a wearer's own past says of them, in the order in which a network reads it; past.py has the formulas."""
PAST_FEATURES: tuple[str, ...] = tuple(PAST_TABLE)
UNKNOWN_PAST: tuple[float, ...] = tuple(0.0 if name == PAST_KNOWN else math.nan for name in PAST_FEATURES)
"""What a network reads of somebody of whose past nothing is known."""

FEATURE_UNITS: dict[Feature, str] = {feature: FEATURE_TABLE[feature].unit for feature in FEATURES}
FEATURE_LIMITS: dict[Feature, Limits] = {
    feature: limits for feature in FEATURES if (limits := FEATURE_TABLE[feature].limits) is not None
}


def extra_features() -> tuple[str, ...]:
    """The features of the table beyond the contract's eight, which data.extra_features may ask for."""
    return tuple(name for name in FEATURE_TABLE if name not in FEATURES)


def features_with(extra: Sequence[str]) -> tuple[str, ...]:
    """The contract's eight, then the extra features asked for, in the table's order.

    Raises SettingsError for one that is not in the table, or is one of the eight.
    """
    unknown = [name for name in extra if name not in extra_features()]
    if unknown:
        raise SettingsError(
            f"data.extra_features names {', '.join(unknown)}, which is no extra feature. "
            f"Choose among {', '.join(extra_features())}, or leave it empty"
        )
    return (*FEATURES, *(name for name in extra_features() if name in extra))


def feature_row(name: str) -> FeatureRow:
    """The row of a network's input, in FEATURE_TABLE or PAST_TABLE."""
    return PAST_TABLE[name] if name in PAST_TABLE else FEATURE_TABLE[name]


def without_past(features: Sequence[str]) -> tuple[str, ...]:
    """The features that records hold, of those that a network reads."""
    return tuple(name for name in features if name not in PAST_TABLE)


def has_past(features: Sequence[str]) -> bool:
    """Whether what the past says of the wearer is among them."""
    return any(name in PAST_TABLE for name in features)


def units_of(features: Sequence[str]) -> dict[str, str]:
    """The unit of each feature, by its name."""
    return {str(name): feature_row(name).unit for name in features}


def known_features(names: Sequence[str]) -> tuple[str, ...]:
    """A list of features as a checkpoint, an export or an index of windows states it, in its order.

    Raises ValueError if it does not begin with the contract's eight, names one that is in neither table, or has the
    past other than whole and last.
    """
    if tuple(names[: len(FEATURES)]) != FEATURES:
        raise ValueError(f"its features are {', '.join(names)}, which do not begin with {', '.join(FEATURES)}")
    if unknown := [name for name in names if name not in FEATURE_TABLE and name not in PAST_TABLE]:
        raise ValueError(f"it has features that this version does not know: {', '.join(unknown)}")
    if tuple(names[len(without_past(names)) :]) not in ((), PAST_FEATURES):
        raise ValueError(f"it has a part of the past, or other features behind it: {', '.join(names)}")
    return (*FEATURES, *names[len(FEATURES) :])
