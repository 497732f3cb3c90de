"""What the latest readings themselves say against a forecast, and by how much its bands must then be wider.

Limits and factors are measured on the validation days of 35 people (AZT1D and BrisT1D, base model); docs/live.md has
the table. In most of these cases the network's own bands hold as often as usual, since it was trained on such readings.
"""

from collections.abc import Iterator

import numpy as np

from bloodtwin_core.records import RECORD_MINUTES, RECORDS_PER_HOUR, Feature, Glucose, Mask, PumpRecords
from bloodtwin_core.serving.reasons import Doubt, Reason

SENSOR_LOW, SENSOR_HIGH = 40.0, 400.0
"""mg/dL. Sensors tell no more than that they read below or above."""
RARE_JUMP = 50.0
"""mg/dL in five minutes; 1 of 5,000 changes is larger."""
IMPOSSIBLE_JUMP = 100.0
"""mg/dL in five minutes; none of 780,000 changes was larger than 75."""
JUMP_RECORDS = 3
"""Records (15 min) for which a jump counts."""
WARM_UP_GAP = 18
"""Records (90 min) without a reading, after which a sensor is as if new."""
WARM_UP_RECORDS = 6
"""Records (30 min) after such a gap for which the bands hold too little."""
UNCHANGED_RECORDS = RECORDS_PER_HOUR
"""Equal readings in a row that are doubted; true ones repeat up to 16 times."""
COMPRESSED_BELOW, COMPRESSION_FALL, STEADY_RANGE = 80.0, 20.0, 15.0
"""mg/dL. Lying on a sensor presses it: from steady readings (within STEADY_RANGE for half an hour) it falls by
COMPRESSION_FALL or more in 15 minutes, below COMPRESSED_BELOW."""
_STEADY_RECORDS = 7
_FALL_RECORDS = 3


def refusals_in(records: PumpRecords) -> Iterator[Doubt]:
    """What rules a forecast out."""
    jump = _largest_jump(records)
    if jump > IMPOSSIBLE_JUMP:
        minutes = JUMP_RECORDS * RECORD_MINUTES
        what = f"A reading of the last {minutes} min is {jump:.0f} mg/dL from the one before, which no body does"
        yield Doubt(Reason.impossible_jump, f"{what}. Wait for readings that agree, or measure by finger")


def doubts_in(records: PumpRecords) -> Iterator[Doubt]:
    """What makes a forecast less certain than usual."""
    glucose = records.feature(Feature.bg)
    measured = glucose[np.isfinite(glucose)]
    newest = float(measured[-1]) if len(measured) else float("nan")
    if RARE_JUMP < (jump := _largest_jump(records)) <= IMPOSSIBLE_JUMP:
        what = f"A reading of the last {JUMP_RECORDS * RECORD_MINUTES} min is {jump:.0f} mg/dL from the one before"
        yield Doubt(Reason.impossible_jump, f"{what}, which is rare", widening=1.2)
    if newest <= SENSOR_LOW:
        what = f"The sensor reads no lower than {SENSOR_LOW:g} mg/dL; the glucose may be lower"
        yield Doubt(Reason.out_of_range, what, widening=1.2)
    if newest >= SENSOR_HIGH:
        yield Doubt(Reason.out_of_range, f"The sensor reads no higher than {SENSOR_HIGH:g} mg/dL; it may be higher")
    if _is_unchanged(glucose):
        what = f"The readings have not changed at all for {UNCHANGED_RECORDS * RECORD_MINUTES} min"
        yield Doubt(Reason.unchanged, f"{what}. Is the sensor still measuring?", widening=1.2)
    if (since := _since_long_gap(np.isfinite(glucose))) is not None:
        what = f"The sensor was silent for {WARM_UP_GAP * RECORD_MINUTES} min or longer until {since} min ago"
        yield Doubt(Reason.sensor_warm_up, f"{what}; its first readings tell less", widening=1.4)
    if _is_compressed(glucose):
        what = "The readings fell fast from being steady, as they do when one lies on the sensor"
        yield Doubt(Reason.compression_low, f"{what}. Move, or measure by finger", widening=1.3)


def _largest_jump(records: PumpRecords) -> float:
    """The largest change (mg/dL per five minutes) to a reading of the last JUMP_RECORDS, 0 without one."""
    recent = records.feature(Feature.bg)[-JUMP_RECORDS - RECORDS_PER_HOUR :]
    places = np.flatnonzero(np.isfinite(recent))
    late = places[1:] >= len(recent) - JUMP_RECORDS
    if not late.any():
        return 0.0
    return float(np.max(np.abs(np.diff(recent[places]) / np.diff(places))[late]))


def _is_unchanged(glucose: Glucose) -> bool:
    recent = glucose[-UNCHANGED_RECORDS:]
    same = len(recent) == UNCHANGED_RECORDS and bool((recent == recent[0]).all())
    return same and SENSOR_LOW < recent[0] < SENSOR_HIGH


def _since_long_gap(measured: Mask) -> int | None:
    """Minutes since the first reading after a gap of WARM_UP_GAP, if it is one of the last WARM_UP_RECORDS."""
    places = np.flatnonzero(measured[-WARM_UP_GAP - WARM_UP_RECORDS - RECORDS_PER_HOUR :])
    count = min(len(measured), WARM_UP_GAP + WARM_UP_RECORDS + RECORDS_PER_HOUR)
    resumed = places[1:][np.diff(places) > WARM_UP_GAP]
    if not len(resumed) or resumed[-1] < count - WARM_UP_RECORDS:
        return None
    return int(count - 1 - resumed[-1]) * RECORD_MINUTES


def _is_compressed(glucose: Glucose) -> bool:
    if len(glucose) < _STEADY_RECORDS + _FALL_RECORDS or not glucose[-1] < COMPRESSED_BELOW:
        return False
    for back in range(1, _FALL_RECORDS + 1):
        before = glucose[-_STEADY_RECORDS - back : -back]
        fell = before[-1] - glucose[-1] >= COMPRESSION_FALL
        if fell and np.isfinite(before).all() and np.ptp(before) <= STEADY_RANGE:
            return True
    return False
