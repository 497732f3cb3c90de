"""A trained checkpoint, read back as a network together with what it was trained with and on."""

import sys
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from bloodtwin_core.common.errors import ArtifactMissing, CheckpointMismatch
from bloodtwin_core.common.files import atomic_write, sha256_of
from bloodtwin_core.config import ModelSettings
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.records.origin_rules import USUAL_RULES, OriginRules
from bloodtwin_core.windows.scaler import FeatureScaler

NETWORK_PREFIX = "forecaster."
"""Lightning keeps the network's weights under the name of the module's attribute."""
VERSION = "bloodtwin_version"
"""Key of the version of the program that wrote a checkpoint."""
STARTED_FROM = "started_from_sha256"
"""Hyperparameter that names the checkpoint whose weights a training began with."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network in evaluation mode on the CPU, and where it comes from."""

    path: Path
    sha256: str
    forecaster: GlucoseForecaster
    model: ModelSettings
    lookback: int
    horizon: int
    data_fingerprint: str
    version: str
    scaler: FeatureScaler
    started_from: str
    """sha256 of the checkpoint that training.start_from named; empty for fresh weights."""
    rules: OriginRules = USUAL_RULES
    """From what records a forecast may start; the defaults where a checkpoint is too old to say."""

    def require(self, model: ModelSettings, data_fingerprint: str) -> None:
        """Raise CheckpointMismatch unless the checkpoint was trained with these settings on these windows."""
        differing = [
            f"model.{name} was {getattr(self.model, name)} and is {getattr(model, name)} now"
            for name in ModelSettings.model_fields
            if getattr(self.model, name) != getattr(model, name)
        ]
        if self.data_fingerprint != data_fingerprint:
            differing.append("it was trained on other windows than those that are there now")
        if differing:
            raise CheckpointMismatch(
                f"{self.path} does not fit: {'; '.join(differing)}. "
                "Materialize trained_checkpoint again, or go back to the settings and data that it was trained with"
            )


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint that training wrote; only tensors and plain values are read, no code runs.

    Raises ArtifactMissing if it is not there or damaged.
    """
    content = read_whole(path)
    try:
        facts = content["hyper_parameters"]
        model = ModelSettings.model_validate(facts["model"])
        scaler = FeatureScaler.model_validate(facts["scaler"])
        forecaster = GlucoseForecaster(model, facts["horizon"], scaler, facts["lookback"])
        weights = {
            name.removeprefix(NETWORK_PREFIX): tensor
            for name, tensor in content["state_dict"].items()
            if name.startswith(NETWORK_PREFIX)
        }
        forecaster.load_state_dict(weights)
        return Checkpoint(
            path=path,
            sha256=sha256_of(path),
            forecaster=forecaster.eval(),
            model=model,
            lookback=facts["lookback"],
            horizon=facts["horizon"],
            data_fingerprint=facts["data_fingerprint"],
            version=content[VERSION],
            scaler=scaler,
            started_from=facts.get(STARTED_FROM, ""),
            rules=OriginRules.model_validate(facts.get("rules", {})),
        )
    except Exception as error:  # It loads, but is no checkpoint of ours: anything may be wrong with it.
        raise ArtifactMissing.unreadable(path, error, "trained_checkpoint") from error


def read_whole(path: Path) -> dict[str, Any]:
    """Everything in a checkpoint file, once its checksums hold; torch.load itself does not look at them.

    Raises ArtifactMissing if it is not there or damaged.
    """
    if not path.exists():
        raise ArtifactMissing(f"{path} is not there. Materialize trained_checkpoint first")
    try:
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f"the checksum of {damaged} in it is wrong")
        content = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict):
            raise TypeError(f"it holds a {type(content).__name__}, not a checkpoint")
        return content
    except Exception as error:  # A damaged file makes zipfile, zlib, pickle and torch raise nearly anything.
        raise ArtifactMissing.unreadable(path, error, "trained_checkpoint") from error


def copy_weights(path: Path, to: Path) -> None:
    """Write a checkpoint's network again without what only a resumed training needs: about a quarter of the size."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    torch.save({name: content[name] for name in ("state_dict", "hyper_parameters", VERSION)}, to)


def checkpoint_bytes(content: dict[str, Any]) -> memoryview:
    """What a checkpoint file of this content holds: the same bytes whatever the file is called."""
    # Not to the file itself: torch.save keeps the name of the file inside it, and a temporary one is never the same.
    written = BytesIO()
    torch.save(_with_texts_once(content), written)
    return written.getbuffer()


def _with_texts_once(value: Any) -> Any:
    """The same, with one object for all equal texts and one for each place of anything else.

    A pickle refers back to an object that it holds already. Whether two equal texts are one object depends on whether
    they were read from a file, as by a training that was broken off, so that the same content would give other bytes.
    """
    if type(value) is str:
        return sys.intern(value)
    if type(value) in (dict, OrderedDict):
        same = type(value)((_with_texts_once(key), _with_texts_once(each)) for key, each in value.items())
        if isinstance(value, OrderedDict):  # A module's state holds its version beside it.
            same.__dict__.update(_with_texts_once(value.__dict__))
        return same
    if type(value) in (list, tuple):
        return type(value)(_with_texts_once(each) for each in value)
    return value


def write_content(path: Path, content: dict[str, Any]) -> None:
    """Write what a checkpoint file holds; the file is replaced whole or not at all. Raises StorageError."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(checkpoint_bytes(content))
