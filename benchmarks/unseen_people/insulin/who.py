"""Who somebody is, without a name: what their own past says, as further inputs of the network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.unseen_people.insulin.further import FurtherInputs, newly_unknown
from benchmarks.unseen_people.insulin.past import HOURS, Person, people_of, running_mean, usual_at_the_hour
from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.records import FEATURES, RECORDS_PER_DAY, TARGET_RANGE, Feature, Values
from bloodtwin_core.records.features import FeatureRow
from bloodtwin_core.training.augmentation import varied
from bloodtwin_core.training.module import ForecasterTraining
from bloodtwin_core.windows import WindowedSeries

MEAN_DAYS = (1.0, 3.0, 7.0, 14.0)
LONG = MEAN_DAYS[-1]
DOSE_DAYS = 7.0

GLUCOSE = [*(f"mean_glucose_{days:.0f}_days" for days in MEAN_DAYS), "usual_now", "usual_in_an_hour", "glucose_spread"]
"""In mg/dL: scaled when a chunk's glucose is."""
# Names are other than those of PAST_TABLE, which came of this study and whose rows belong together.
SHARES = ["share_of_lows", "share_of_highs"]
DOSES = {"basal_daily": Feature.basal_rate, "bolus_daily": Feature.bolus_dose}
"""In U: hidden when a chunk's insulin is."""
KNOWN = "past_is_known"


def who(after_days: float, *, doses: bool = True) -> FurtherInputs:
    """What each record's own past says of the person, unknown until after_days; with the insulin a day or without."""
    units = {
        **dict.fromkeys(GLUCOSE, "mg/dL"),
        **dict.fromkeys(SHARES, "1"),
        **dict.fromkeys(DOSES if doses else (), "U"),
    }
    rows = {name: FeatureRow(unit, None, may_be_unknown=True) for name, unit in units.items()}
    rows[KNOWN] = FeatureRow("0 or 1", None)

    def computed(windows: WindowedSeries) -> Values:
        found = np.empty((len(windows.series), len(rows)), dtype=np.float32)
        for person in people_of(windows):
            past = _past_of(person, after_days)
            found[person.rows] = np.column_stack([past[name] for name in rows])[person.places]
        return found

    return FurtherInputs(rows, computed)


def _past_of(person: Person, after_days: float) -> dict[str, Floats]:
    def mean(values: Floats, days: float) -> Floats:
        return running_mean(values, days, after_days)

    glucose = person.glucose
    low, high = TARGET_RANGE
    known = np.where(np.isfinite(glucose), 1.0, np.nan)
    means = [mean(glucose, days) for days in MEAN_DAYS]
    usual = [usual_at_the_hour(person, ahead, after_days) for ahead in (0, 1)]
    spread = np.sqrt(np.maximum(mean(glucose**2, LONG) - means[-1] ** 2, 0.0))
    shares = [mean(known * beyond, LONG) for beyond in (glucose < low, glucose > high)]
    doses = [mean(person.basal, DOSE_DAYS) * HOURS, mean(person.bolus, DOSE_DAYS) * RECORDS_PER_DAY]
    known_at_all = np.isfinite(means[0]).astype(float)
    names = [*GLUCOSE, *SHARES, *DOSES, KNOWN]
    return dict(zip(names, [*means, *usual, spread, *shares, *doses, known_at_all], strict=True))


class TellsWho(ForecasterTraining):
    """A training whose records tell of the past; it is varied as the chunk is, and hidden in some."""

    def __init__(self, windows: WindowedSeries, *given: Any) -> None:
        super().__init__(windows, *given)
        self.features = windows.features

    def records(self, rows: Tensor) -> Tensor:
        """Records [chunk, step, feature and further input] of the series, varied while training."""
        plain: Tensor = self.series(rows)
        if not self.training:
            return plain
        training = self.training_settings
        return with_past_varied(plain, varied(plain, training), self.features, training.hide_past)


def with_past_varied(plain: Tensor, records: Tensor, features: Sequence[str], strangers_share: float) -> Tensor:
    """Varied records [chunk, step, input], whose past fits what was done to plain ones; features names the inputs.

    Of a share of the chunks, by chance, nothing is known of the past, as of somebody who has just begun.
    """
    places = {name: features.index(name) for name in features[len(FEATURES) :]}
    past = records.clone()
    factor = records[:, :1, Feature.bg.column] / plain[:, :1, Feature.bg.column]
    for name in GLUCOSE:
        past[..., places[name]] *= factor
    for name in DOSES.keys() & places.keys():
        past[newly_unknown(plain, records, DOSES[name]), :, places[name]] = torch.nan
    strangers = torch.rand(len(past), device=past.device) < strangers_share
    past[strangers, :, len(FEATURES) :] = torch.nan
    past[strangers, :, places[KNOWN]] = 0.0
    return past
