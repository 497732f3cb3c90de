"""version.json: everything that a published version can be traced by, and trained again from."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bloodtwin_core.common.errors import ArtifactMissing, in_brief
from bloodtwin_core.publishing.drift.forecasts import Forecasting
from bloodtwin_core.records import Split
from bloodtwin_core.records.raw_splits import RawPumpSplits
from bloodtwin_core.serving.published import VERSION
from bloodtwin_core.windows import WindowedSeries


class Learnt(BaseModel):
    """The first and the last record of a pump that a model learnt from or was chosen on, on the records' clock."""

    model_config = ConfigDict(frozen=True)

    first: datetime
    last: datetime


LearntByPump = Mapping[str, Learnt]


class Code(BaseModel):
    """The program: its version, the sha256 over its files, Python, and the packages that can change a result."""

    model_config = ConfigDict(frozen=True)

    version: str
    sha256: str
    python: str
    packages: dict[str, str]


class VersionManifest(BaseModel):
    """What a version is made of and came from.

    files: sha256 by name. learnt: of each pump, that of the model whose weights it began with included. carried_loss:
    what fresher versions have given up since one was shown to be better, as a share of the error. mae: over the first
    hour, None where not measured, and forecasting: error and coverage of each pump, on the days that it was judged on.
    """

    model_config = ConfigDict(frozen=True)

    version: str
    published: datetime
    run: str
    checkpoint_sha256: str
    started_from: str
    data_fingerprint: str
    data: RawPumpSplits
    settings: dict[str, Any]
    code: Code
    learnt: dict[str, Learnt]
    files: dict[str, str]
    carried_loss: float = 0.0
    mae: float | None = None
    forecasting: dict[str, Forecasting] = Field(default_factory=dict)

    @property
    def sources(self) -> set[str]:
        """The sha256 of every file that it was trained from: split files, and the checkpoint that it began with."""
        return {file.sha256 for file in self.data.files} | ({self.started_from} if self.started_from else set())

    @property
    def newest(self) -> datetime:
        """The last record that it learnt from or was chosen on."""
        return max(each.last for each in self.learnt.values())


def read_manifest(folder: Path) -> VersionManifest:
    """The manifest in a version's folder. Raises ArtifactMissing if it is not there or damaged."""
    path = folder / VERSION
    try:
        return VersionManifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtifactMissing(f"{path} is not there or damaged ({in_brief(error)}). Roll back to another") from error


def learnt_from(windows: WindowedSeries) -> dict[str, Learnt]:
    """What a network that is trained on these windows learns from (train) or is chosen on (validate), by pump."""
    learnt: dict[str, Learnt] = {}
    for segment in windows.segments:
        if segment.split is not Split.test:
            span = Learnt(
                first=as_datetime(windows.timestamps[segment.start]),
                last=as_datetime(windows.timestamps[segment.stop - 1]),
            )
            learnt = merged(learnt, {segment.pump_id: span})
    return learnt


def merged(one: LearntByPump, other: LearntByPump) -> dict[str, Learnt]:
    """What either learnt from, by pump: of both, from the earlier first record to the later last one."""
    both = {**one, **other}
    for pump in one.keys() & other.keys():
        both[pump] = Learnt(first=min(one[pump].first, other[pump].first), last=max(one[pump].last, other[pump].last))
    return both


def as_datetime(moment: np.datetime64) -> datetime:
    """A moment on the records' clock, without a zone, to the second."""
    told: datetime = moment.astype("datetime64[s]").astype(datetime)
    return told
