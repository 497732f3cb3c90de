"""What a policy of gymnasium sees of a pump, and what its action means; gymnasium itself is not needed for it.

- **action**: float32 [2] from -1 to 1 each: the basal rate from 0 to `most_basal` times the profile's, in a line; and a
  bolus, 0 for -1 to 0, in a line up to `most_bolus` U at 1.
- **observation**: float32 [5 * LOOKBACK + 5]: glucose (mg/dL / 400; the newest reading where none came), whether it was
  read, basal rate (in multiples of the profile's / 10), bolus (U / 25) and change of glucose (mg/dL / 100), each for
  the last LOOKBACK records with the newest last; then insulin on board (U / 25), sine and cosine of the pump's local
  time of day, correction factor (mg/dL per U / 200) and the profile's basal rate (U/h / 10), all clipped to [-1, 4].
"""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.control.controller import Decision, PumpState, TherapySettings
from bloodtwin_core.records import BASAL_LIMITS, MINUTES_PER_DAY, RECORDS_PER_DAY
from bloodtwin_core.simulation.controller import pump_dose

LOOKBACK = 24
"""Records in an observation: two hours."""
OBSERVED = 5 * LOOKBACK + 5
LOWEST, HIGHEST = -1.0, 4.0
MOST_BASAL, MOST_BOLUS = 4.0, 6.0
"""What an action of 1 means unless told otherwise: multiples of the profile's rate, and U."""
Observation = npt.NDArray[np.float32]
Action = npt.NDArray[np.float32]


def decided(
    action: Action, therapy: TherapySettings, most_basal: float = MOST_BASAL, most_bolus: float = MOST_BOLUS
) -> Decision:
    """What an action [2] gives; beyond -1 to 1 it is clipped."""
    basal, bolus = np.clip(np.asarray(action, np.float64), -1.0, 1.0)
    rate = min(0.5 * (basal + 1.0) * most_basal * therapy.basal_rate, BASAL_LIMITS.high)
    return Decision(float(rate), pump_dose(max(0.0, float(bolus)) * most_bolus))


def observed(now: PumpState) -> Observation:
    """What an agent sees of a pump's state, [OBSERVED]; the module says what stands where."""
    read = ~np.isnan(now.glucose[-LOOKBACK:])
    glucose = _carried(now.glucose)[-LOOKBACK:]
    minute = float((now.time - now.time.astype("datetime64[D]")) / np.timedelta64(1, "m"))
    angle = 2.0 * np.pi * ((minute + 60.0 * now.utc_offset_hours) / MINUTES_PER_DAY)
    parts: list[npt.ArrayLike] = [
        glucose / 400.0,
        read,
        now.basal_rate[-LOOKBACK:] / (10.0 * now.therapy.basal_rate),
        now.bolus[-LOOKBACK:] / 25.0,
        np.diff(glucose, prepend=glucose[0]) / 100.0,
        [now.insulin_on_board / 25.0, np.sin(angle), np.cos(angle)],
        [now.therapy.correction_factor / 200.0, now.therapy.basal_rate / 10.0],
    ]
    seen = np.concatenate([np.asarray(part, np.float32) for part in parts])
    clipped: Observation = np.clip(seen, np.float32(LOWEST), np.float32(HIGHEST))
    return clipped


def _carried(glucose: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The newest reading where none came, 0 before the first, [record] of the last day."""
    recent = glucose[-RECORDS_PER_DAY:]
    places = np.maximum.accumulate(np.where(np.isnan(recent), -1, np.arange(len(recent))))
    return np.where(places < 0, np.float32(0.0), recent[np.maximum(places, 0)])
