"""The scaler: median and interquartile range of each feature, fitted on training records alone.

It is kept twice: scaler.pkl holds the scikit-learn object for others, scaler.json the same numbers as
plain text, and only the plain text is ever read back, because loading a pickle runs code.
"""

import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from bloodtwin_core.common.errors import ArtifactMissing, DataError
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.records import (
    FEATURE_TABLE,
    FEATURES,
    PAST_FEATURES,
    PAST_TABLE,
    Feature,
    PumpRecords,
    Values,
    known_features,
    times_shown,
    with_time_of_day,
    without_past,
)

if TYPE_CHECKING:  # scikit-learn takes a second to import, which only who fits or writes a scaler has to wait for.
    from sklearn.preprocessing import RobustScaler


class FeatureScaler(BaseModel):
    """Per feature and in its physical unit: scaled = (value - centre) / scale.

    features are the network's inputs in their order, the contract's eight first; a scaler that names none has those.
    """

    model_config = ConfigDict(frozen=True)

    features: list[str] = [feature.value for feature in FEATURES]
    centre: list[float]
    scale: list[float]
    records: int

    @model_validator(mode="after")
    def _knows_its_features(self) -> Self:
        known_features(self.features)
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """What the last axis of an array holds for which this scaler is."""
        return known_features(self.features)

    @property
    def centres(self) -> dict[str, float]:
        """Median of each feature over the training records."""
        return dict(zip(self.features, self.centre, strict=True))

    def with_past(self) -> "FeatureScaler":
        """The scaler of a network that reads a wearer's past too, whose scales are PAST_TABLE's in every training."""
        features = without_past(self.features)
        return FeatureScaler(
            features=[*features, *PAST_FEATURES],
            centre=[*self.centre[: len(features)], *(row.centre for row in PAST_TABLE.values())],
            scale=[*self.scale[: len(features)], *(row.spread for row in PAST_TABLE.values())],
            records=self.records,
        )

    def write(self, json_path: Path, pickle_path: Path) -> None:
        """Keep the scaler as scaler.json and, for scikit-learn users, as scaler.pkl."""
        with atomic_write(pickle_path) as path:
            path.write_bytes(pickle.dumps(self.as_sklearn()))
        with atomic_write(json_path) as path:
            path.write_text(self.model_dump_json(indent=2) + "\n")

    def as_sklearn(self) -> "RobustScaler":
        """The same scaler as a fitted scikit-learn RobustScaler."""
        from sklearn.preprocessing import RobustScaler

        scaler = RobustScaler()
        scaler.center_ = np.array(self.centre)
        scaler.scale_ = np.array(self.scale)
        scaler.n_features_in_ = len(self.features)
        return scaler


def fit_scaler(training_records: Iterable[PumpRecords]) -> FeatureScaler:
    """Fit on training records; unknown values (NaN) count neither way.

    A feature without spread (a constant basal rate, a bolus that is 0 in most records) gets that of FEATURE_TABLE: 1,
    but 10 g of carbohydrates. Raises DataError if there is no measured glucose at all, or nothing is known of an extra
    feature that was asked for.
    """
    pumps = list(training_records)
    features = pumps[0].features if pumps else FEATURES
    values = (
        np.concatenate([_seen(pump.with_features(features)) for pump in pumps]).astype(np.float64)
        if pumps
        else np.empty((0, len(features)))
    )
    if not np.isfinite(values[:, Feature.bg.column]).any():
        raise DataError(
            "the training splits hold no measured glucose", todo="Check the source's files and data.pump_ids"
        )
    known = np.asarray(np.isfinite(values).any(axis=0))
    if unheard_of := [name for column, name in enumerate(features) if name not in FEATURES and not known[column]]:
        raise DataError(
            f"no training record of data.source knows {', '.join(unheard_of)}",
            todo="Leave it out of data.extra_features, or bring a source that knows it",
        )
    from sklearn.preprocessing import RobustScaler

    # Fitted in units of the table's spread, because RobustScaler gives what has no spread the scale 1.
    spread = np.array([FEATURE_TABLE[name].spread for name in features])
    fitted = RobustScaler().fit(np.where(known, values, 0.0) / spread)
    return FeatureScaler(
        features=[str(name) for name in features],
        centre=[float(centre) for centre in fitted.center_ * spread],
        scale=[float(scale) for scale in fitted.scale_ * spread],
        records=len(values),
    )


def _seen(pump: PumpRecords) -> Values:
    """The records as a network is told them: the time of day on the wearer's clock."""
    return with_time_of_day(pump.values, times_shown(pump.timestamps, pump.wearer_zone))


def read_scaler(path: Path) -> FeatureScaler:
    """The scaler that fit_scaler left in scaler.json. Raises ArtifactMissing if it is not there or not readable."""
    try:
        return FeatureScaler.model_validate_json(path.read_text())
    except (OSError, ValueError) as error:
        raise ArtifactMissing.unreadable(path, error, "fitted_scaler") from error
