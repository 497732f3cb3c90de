"""The scaler: median and interquartile range of each feature, fitted on training records alone.

It is kept twice: scaler.pkl holds the scikit-learn object for others, scaler.json the same numbers as
plain text, and only the plain text is ever read back, because loading a pickle runs code.
"""

import pickle
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict
from sklearn.preprocessing import RobustScaler

from bloodtwin_core.common.errors import ArtifactMissing, DataError
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.records import FEATURES, Feature, PumpRecords, Values, times_shown, with_time_of_day


class FeatureScaler(BaseModel):
    """Per feature, in the order of FEATURES and in its physical unit: scaled = (value - centre) / scale."""

    model_config = ConfigDict(frozen=True)

    features: list[str]
    centre: list[float]
    scale: list[float]
    records: int

    @property
    def centres(self) -> dict[str, float]:
        """Median of each feature over the training records."""
        return dict(zip(self.features, self.centre, strict=True))

    def write(self, json_path: Path, pickle_path: Path) -> None:
        """Keep the scaler as scaler.json and, for scikit-learn users, as scaler.pkl."""
        with atomic_write(pickle_path) as path:
            path.write_bytes(pickle.dumps(self.as_sklearn()))
        with atomic_write(json_path) as path:
            path.write_text(self.model_dump_json(indent=2) + "\n")

    def as_sklearn(self) -> RobustScaler:
        """The same scaler as a fitted scikit-learn RobustScaler."""
        scaler = RobustScaler()
        scaler.center_ = np.array(self.centre)
        scaler.scale_ = np.array(self.scale)
        scaler.n_features_in_ = len(self.features)
        return scaler


def fit_scaler(training_records: Iterable[PumpRecords]) -> FeatureScaler:
    """Fit on training records; unknown values (NaN) count neither way.

    A feature without spread (a constant basal rate, a bolus that is 0 in most records) keeps its unit: scale 1.
    Raises DataError if there is no measured glucose at all.
    """
    pumps = list(training_records)
    values = (
        np.concatenate([_seen(pump) for pump in pumps]).astype(np.float64) if pumps else np.empty((0, len(FEATURES)))
    )
    if not np.isfinite(values[:, Feature.bg.column]).any():
        raise DataError(
            "the training splits hold no measured glucose", todo="Check the source's files and data.pump_ids"
        )
    known = np.isfinite(values).any(axis=0)
    fitted = RobustScaler().fit(np.where(known, values, 0.0))
    return FeatureScaler(
        features=[feature.value for feature in FEATURES],
        centre=[float(centre) for centre in fitted.center_],
        scale=[float(scale) for scale in fitted.scale_],
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
