"""The model in use: loaded from its file, and loaded again when another file takes its place."""

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import ArtifactMissing, BloodTwinError
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.pretrained.files import ONNX, shipped_file
from bloodtwin_core.records import Feature
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.serving.alarm_rules import ALARMS, AlarmRules, alarm_rules_of
from bloodtwin_core.serving.model_json import MODEL_JSON
from bloodtwin_core.serving.published import model_in

logger = logging.getLogger(__name__)
_USUAL = {Feature.bg: 140.0, Feature.cos_time: 1.0}

Stamp = tuple[tuple[int, int, int], ...]
"""Inode, size and time of change of each file that a model is made of."""


@dataclass(frozen=True)
class Model:
    """A forecaster, the file that it was loaded from and the alarms beside it. loaded: seconds since 1970 UTC."""

    forecaster: Forecaster
    path: Path
    sha256: str
    loaded: float
    alarms: AlarmRules = field(default_factory=AlarmRules)


def model_file(model_path: str) -> Path:
    """The file that service.model_path names: of a folder its model.onnx, of one of published versions that in use.

    Raises ArtifactMissing for a base model that is not whole, or a damaged published.json.
    """
    return model_in(Path(model_path), ONNX) if model_path else shipped_file(ONNX)


def loaded(path: Path) -> Model:
    """The model of a file, after one trial forecast. Raises ArtifactMissing if it is not whole or forecasts none."""
    try:
        digest = sha256_of(path)
    except OSError as error:
        raise ArtifactMissing(
            f"{path} cannot be read ({error.strerror}). Name a model in service.model_path"
        ) from error
    forecaster = Forecaster.load(path, threads=1)
    _try(forecaster, path)
    return Model(forecaster, path, digest, time.time(), alarm_rules_of(path, forecaster.facts.checkpoint_sha256))


def _try(forecaster: Forecaster, path: Path) -> None:
    """One forecast of a flat glucose, so that a file that cannot forecast is told before it is needed."""
    facts = forecaster.facts
    window = np.zeros((1, facts.lookback, len(facts.features)), dtype=np.float32)
    for feature, value in _USUAL.items():
        window[:, :, feature.column] = value
    if not np.isfinite(forecaster.predict(window)).all():
        raise ArtifactMissing(f"{path} forecasts nothing finite. Export it again")


@dataclass
class ModelInUse:
    """What requests use now; refresh() takes over a file that has changed, and keeps the old one if it is not whole."""

    model_path: str
    now: Model = field(init=False)
    trouble: str = field(default="", init=False)
    """Why the newest file was not taken over; empty if it was."""
    _stamp: Stamp = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Raise ArtifactMissing if there is no model to begin with."""
        path = model_file(self.model_path)
        self._stamp = _stamp(path)
        self.now = loaded(path)

    def refresh(self) -> bool:
        """Look whether the file is another one, and load it; whether it was taken over."""
        try:
            path = model_file(self.model_path)
            stamp = _stamp(path)
            if stamp == self._stamp:
                return False
            model = loaded(path)
        except (BloodTwinError, OSError) as error:
            # A file that is being replaced looks broken for a moment; it is tried again until it is whole.
            if str(error) != self.trouble:
                logger.warning("the model in use stays: %s", error)
            self.trouble = str(error)
            return False
        self.trouble, self._stamp = "", stamp
        changed, self.now = model.sha256 != self.now.sha256, model
        return changed


def _stamp(path: Path) -> Stamp:
    files = [path, path.parent / MODEL_JSON, path.parent / ALARMS]
    states = [file.stat() for file in files if file.exists()]
    return tuple((state.st_ino, state.st_size, state.st_mtime_ns) for state in states)
