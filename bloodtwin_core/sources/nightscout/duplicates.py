"""One delivery that was uploaded twice: under the same number of the pump, or by two uploaders.

- The same number: AAPS's pumpId and pumpSerial (AndroidAPS #1768, cgm-remote-monitor #7458), the pump's own record in
  oref0's documents (xDrip #912), Loop's syncIdentifier, which it posts again, tconnectsync's pump_event_id. What was
  written last counts.
- Two uploaders: the same dose at nearly the same time from different apps, such as an app and xDrip+ that passes its
  treatments on. Each bolus of one is taken for at most one of the other, so that two doses that are really two stay two
  where both uploaders have both.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from bloodtwin_core.records import Mask
from bloodtwin_core.sources.nightscout.deliveries import BY_PUMP, COLUMNS, UNKNOWN

_NEAR_SECONDS = 60
"""Two apps that see one delivery round its time to the minute, at most."""
_SECONDS_PER_UNIT = 40.0
"""A pump takes so long to deliver a unit (Medtronic 1.5 U/min), and one app may write the beginning, one the end."""
_LARGEST = 1e9
"""Larger numbers make no sense, and are refused as such later on."""
_SAME_DOSE = 100
"""Hundredths of a unit to which two apps round the same dose."""


def with_delivery(boluses: pd.DataFrame) -> pd.DataFrame:
    """Rows of boluses, in the order of time, with what their detail says: uploader, by, record, modified."""
    said = boluses["detail"].str.split(" ", expand=True).reindex(columns=range(len(COLUMNS)))
    said.columns = pd.Index(COLUMNS)
    said["modified"] = pd.to_numeric(said["modified"], errors="coerce").fillna(0)
    return pd.concat([boluses, said.fillna({"uploader": UNKNOWN, "by": "", "record": UNKNOWN})], axis=1)


def repeated(boluses: pd.DataFrame) -> Mask:
    """Which boluses [row] of with_delivery were delivered once, but uploaded again."""
    again = _same_record(boluses)
    again[~again] = _of_two_uploaders(boluses[~again])
    return again


def _same_record(boluses: pd.DataFrame) -> Mask:
    known = (boluses["record"] != UNKNOWN).to_numpy()
    if not known.any():
        return np.zeros(len(boluses), dtype=bool)
    spread = boluses["id"].str.endswith("+")
    keys = pd.DataFrame({"record": boluses["record"], "spread": spread, "modified": boluses["modified"]})
    latest = keys[known].sort_values("modified", kind="stable").duplicated(["record", "spread"], keep="last")
    again = np.zeros(len(boluses), dtype=bool)
    again[known] = latest.reindex(keys.index[known]).to_numpy(dtype=bool)
    return again


def _of_two_uploaders(boluses: pd.DataFrame) -> Mask:
    """The later, or the one without a number of the pump, of two equal doses of different uploaders at one time."""
    again = np.zeros(len(boluses), dtype=bool)
    if boluses["uploader"].nunique() < 2:
        return again
    dose = np.rint(np.minimum(boluses["value"].to_numpy(dtype=np.float64), _LARGEST) * _SAME_DOSE).astype(np.int64)
    seconds = boluses["time"].to_numpy(dtype="datetime64[s]").astype(np.int64)
    minutes = np.rint(np.minimum(boluses["minutes"].to_numpy(dtype=np.float64), _LARGEST)).astype(np.int64)
    uploader = pd.factorize(boluses["uploader"])[0]
    by_pump = (boluses["by"] == BY_PUMP).to_numpy()
    order = np.lexsort((seconds, minutes, dose))
    taken = np.zeros(len(boluses), dtype=bool)
    for first, second in pairwise(order):
        near = _NEAR_SECONDS + _SECONDS_PER_UNIT * dose[first] / _SAME_DOSE
        alike = dose[first] == dose[second] and minutes[first] == minutes[second]
        if not alike or uploader[first] == uploader[second] or taken[first]:
            continue
        # What has the same second and all else is an exact repeat, which is counted as such later on.
        if 0 < seconds[second] - seconds[first] <= near:
            taken[first] = taken[second] = True
            again[first if by_pump[second] and not by_pump[first] else second] = True
    return again
