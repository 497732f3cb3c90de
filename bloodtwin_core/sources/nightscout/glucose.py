"""Glucose from a site's rows: mg/dL, but for uploaders that write mmol/L into the same field.

A site keeps mg/dL whatever unit it shows (cgm-remote-monitor lib/units.js). Some uploaders write mmol/L all the same
(its issue #7412). A number under 39 is then either a reading in mmol/L or one of the sensor's error codes, which are
whole numbers (lib/plugins/errorcodes.js). What is certain is converted: numbers that their entry calls mmol/L, and the
numbers of a device that writes fractions. What is not certain is refused in words.
"""

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.kinds import GlucoseEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.units import MG_PER_DL_PER_MMOL_PER_L
from bloodtwin_core.records import Mask
from bloodtwin_core.sources.nightscout.entries import MMOL_HIGH, MMOL_LOW, STATED_MMOL
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.site_rows import Objects, SiteRows

_ERROR_CODES = (0, 1, 2, 3, 5, 6, 9, 10, 12)
"""Of Dexcom's receiver, as Nightscout names them."""
_FRACTIONAL_SHARE = 0.5
"""Of readings rounded to 0.1 mmol/L nine in ten are fractions, of error codes none."""
_DOUBTFUL_COUNT, _DOUBTFUL_SHARE = 12, 0.02
"""More whole numbers under 39 than both of these that are no known error code may be mmol/L."""


def glucose_events(rows: SiteRows) -> tuple[GlucoseEvents, Repairs]:
    """Readings in mg/dL, and what was converted and left out. Raises DataError where the unit is in doubt."""
    readings, low = rows.of_kind(SiteKind.glucose), rows.of_kind(SiteKind.low_number)
    stated = np.array([text.startswith(STATED_MMOL) for text in low.detail], dtype=bool)
    named = np.array([text.removeprefix(STATED_MMOL) for text in low.detail], dtype=np.object_)
    is_mmol = _in_mmol(low.value, named, readings.detail, stated)
    times = np.concatenate([readings.times, low.times[is_mmol]])
    glucose = np.concatenate([readings.value, low.value[is_mmol] * MG_PER_DL_PER_MMOL_PER_L])
    sensor = np.concatenate([readings.detail, named[is_mmol]]).astype(np.str_)
    repairs = Repairs.of(RepairKind.readings_in_mmol, int(is_mmol.sum()))
    repairs += Repairs.of(RepairKind.error_codes, int((~is_mmol).sum()))
    return GlucoseEvents.of(times, glucose, sensor), repairs


def _in_mmol(values: Floats, named: Objects, others: Objects, stated: Mask) -> Mask:
    """Which of the low numbers [number] are readings in mmol/L."""
    possible = (values >= MMOL_LOW) & (values <= MMOL_HIGH)
    converted = stated & possible
    for device in sorted(set(named)):
        mine = (named == device) & ~stated
        whole = values == np.round(values)
        fractions = mine & ~whole & possible
        if fractions.sum() > _FRACTIONAL_SHARE * max(mine.sum(), 1):
            converted |= mine & possible
            continue
        converted |= fractions
        doubtful = int((mine & possible & whole & ~np.isin(values, _ERROR_CODES)).sum())
        total = int(mine.sum() + (others == device).sum())
        if doubtful >= _DOUBTFUL_COUNT and doubtful > _DOUBTFUL_SHARE * total:
            raise _in_doubt(device, doubtful, total)
    return converted


def _in_doubt(device: str, doubtful: int, total: int) -> DataError:
    what = (
        f"the Nightscout site: {doubtful} of {total} entries of the device '{device}' are whole numbers under 39, "
        "which are no mg/dL; they may be mmol/L or codes of errors, and nothing tells which"
    )
    return DataError(what, todo="Correct or remove these entries on the site; a site keeps mg/dL whatever it shows")
