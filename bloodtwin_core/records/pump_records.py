"""The records of one pump, and how they are made from what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records.arrays import Timestamps, Values
from bloodtwin_core.records.cadence import RECORD_INTERVAL, time_of_day
from bloodtwin_core.records.clock import UNKNOWN_ZONE, WALL_TIME, is_named, zone_of
from bloodtwin_core.records.features import (
    BASAL_LIMITS,
    BOLUS_LIMITS,
    FEATURE_TABLE,
    FEATURES,
    GLUCOSE_LIMITS,
    Feature,
    features_with,
)
from bloodtwin_core.records.pump_ids import PumpId, pump_id_of


class Split(StrEnum):
    """The three parts of a pump's history, in time order."""

    train = "train"
    validate = "validate"
    test = "test"


@dataclass(frozen=True)
class PumpRecords:
    """Records of one pump, oldest first.

    timestamps: [record], UTC datetime64[s]. values: float32 [record, feature] in physical units.
    A glucose that was not measured is NaN with bg_missing_flag 1; an unknown basal rate or bolus is NaN.
    features: what the columns hold, the contract's eight first.
    wearer_zone: IANA name or UTC offset of the zone that the wearer lives in, UNKNOWN_ZONE, or WALL_TIME where the
    timestamps are no UTC but what the wearer's clock showed. sin_time and cos_time of the values are those of the
    timestamps themselves; what a network is told is computed from the zone (clock.py).
    """

    pump_id: PumpId
    timestamps: Timestamps
    values: Values
    features: tuple[str, ...] = FEATURES
    wearer_zone: str = UNKNOWN_ZONE

    def __post_init__(self) -> None:
        """Raise DataError for no pump id, SettingsError for no zone, ValueError for other shapes and masked values."""
        pump_id_of(self.pump_id)
        if is_named(self.wearer_zone):
            zone_of(self.wearer_zone)
        if isinstance(self.values, np.ma.MaskedArray) or isinstance(self.timestamps, np.ma.MaskedArray):
            raise ValueError(f"pump {self.pump_id}: masked arrays hide what they hold; give NaN where nothing is known")
        if self.timestamps.ndim != 1:
            raise ValueError(f"pump {self.pump_id}: timestamps have shape {self.timestamps.shape}, not [record]")
        if self.values.shape != (len(self.timestamps), len(self.features)):
            raise ValueError(
                f"pump {self.pump_id}: values have shape {self.values.shape}, "
                f"but {len(self.timestamps)} timestamps need ({len(self.timestamps)}, {len(self.features)})"
            )

    def __len__(self) -> int:
        return len(self.timestamps)

    def feature(self, feature: str) -> npt.NDArray[np.float32]:
        """One feature's column, shape [record]. Raises ValueError if these records do not have it."""
        if feature not in self.features:
            raise ValueError(f"pump {self.pump_id}: these records have no {feature}; ask for it (data.extra_features)")
        return self.values[:, self.features.index(feature)]

    def rows(self, start: int, stop: int) -> Self:
        """The records from row start up to, not including, row stop."""
        return replace(self, timestamps=self.timestamps[start:stop], values=self.values[start:stop])

    def with_features(self, features: tuple[str, ...]) -> Self:
        """The same records with these features; what they did not have is unknown, what is not asked for left out."""
        if features == self.features:
            return self
        values = np.full((len(self), len(features)), np.nan, dtype=np.float32)
        for column, name in enumerate(features):
            if name in self.features:
                values[:, column] = self.feature(name)
        return replace(self, values=values, features=features)

    def in_zone(self, zone: str) -> Self:
        """The same records of a wearer who lives in this zone (Europe/Berlin, or +01:00 of a traveller).

        Raises SettingsError if there is no such zone, or the timestamps are wall time, which no zone can shift.
        """
        zone_of(zone)
        if self.wearer_zone == WALL_TIME:
            raise SettingsError(
                f"pump {self.pump_id}: the zone {zone} was given, but the timestamps are wall time already. "
                "Leave the zone out, or give timestamps in UTC"
            )
        return replace(self, wearer_zone=zone)


@dataclass(frozen=True)
class PumpHistory:
    """All records of one pump.

    Those before tested_from are there to be learnt from only: they stand in front of the train split, and the others
    are split in time as if they were alone. None: all records are split.
    """

    records: PumpRecords
    tested_from: np.datetime64 | None = None

    @property
    def pump_id(self) -> PumpId:
        """The pump's serial number."""
        return self.records.pump_id


def records_from_signals(
    pump_id: PumpId,
    timestamps: Timestamps,
    glucose: npt.NDArray[np.floating],
    basal_rate: npt.NDArray[np.floating],
    bolus_dose: npt.NDArray[np.floating],
    extra: Mapping[str, npt.NDArray[np.floating]] | None = None,
) -> PumpRecords:
    """Complete records from what was measured on a five-minute grid.

    glucose mg/dL, basal_rate U/h and bolus_dose U are [record], NaN where unknown. Glucose outside
    GLUCOSE_LIMITS is clipped and flagged; insulin is clipped to its limits. delta_bg stands only
    between two measured readings five minutes apart and is NaN elsewhere. extra: further features of FEATURE_TABLE by
    name, each [record] in its unit, NaN where unknown, and clipped to its limits.
    """
    extra = extra or {}
    features = features_with(list(extra))
    values = np.empty((len(timestamps), len(features)), dtype=np.float32)
    missing = np.isnan(glucose)
    clipped = np.clip(glucose, GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high).astype(np.float32)
    delta = np.full(len(timestamps), np.nan, dtype=np.float32)
    neighbours = np.diff(timestamps) == RECORD_INTERVAL
    delta[1:] = np.where(neighbours, np.diff(clipped), np.nan)
    sin_time, cos_time = time_of_day(timestamps)
    values[:, Feature.bg.column] = clipped
    values[:, Feature.delta_bg.column] = delta
    values[:, Feature.basal_rate.column] = np.clip(basal_rate, BASAL_LIMITS.low, BASAL_LIMITS.high)
    values[:, Feature.bolus_dose.column] = np.clip(bolus_dose, BOLUS_LIMITS.low, BOLUS_LIMITS.high)
    values[:, Feature.sin_time.column] = sin_time
    values[:, Feature.cos_time.column] = cos_time
    values[:, Feature.bg_clip_flag.column] = ~missing & (clipped != glucose.astype(np.float32))
    values[:, Feature.bg_missing_flag.column] = missing
    for column, name in enumerate(features[len(FEATURES) :], start=len(FEATURES)):
        limits = FEATURE_TABLE[name].limits
        values[:, column] = extra[name] if limits is None else np.clip(extra[name], limits.low, limits.high)
    return PumpRecords(pump_id, timestamps.astype("datetime64[s]"), values, features)
