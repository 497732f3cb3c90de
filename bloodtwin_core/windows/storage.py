"""A WindowedSeries as files: plain .npy arrays that can be memory-mapped, and windows.json that explains them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import atomic_folder, recover_folder
from bloodtwin_core.records import FEATURE_UNITS, FEATURES, Split, known_features, units_of
from bloodtwin_core.records.origin_rules import USUAL_RULES, OriginRules
from bloodtwin_core.windows import Origins, Segment, WindowedSeries

INDEX = "windows.json"
SERIES = "series.npy"
TIMESTAMPS = "timestamps.npy"


class WindowsIndex(BaseModel):
    """windows.json: the segments, and the settings that decide what a window is.

    features: the unit of each column of the series, in their order.
    """

    model_config = ConfigDict(frozen=True)

    features: dict[str, str] = {feature.value: unit for feature, unit in FEATURE_UNITS.items()}
    lookback: int
    horizon: int
    raw_fingerprint: str
    fingerprint: str
    segments: tuple[Segment, ...]
    rules: OriginRules = USUAL_RULES


def origins_file(split: Split) -> str:
    """Rows of a split's forecast origins, int64 [window]."""
    return f"origins_{split}.npy"


def complete_file(split: Split) -> str:
    """Which of them are complete, bool [window]."""
    return f"complete_{split}.npy"


def fingerprint_of(windows: WindowedSeries) -> str:
    """sha256 over everything that a training can see of the windows.

    Features are named where there are more than the contract's eight, which every series begins with.
    """
    digest = hashlib.sha256(f"{windows.lookback} {windows.horizon} {windows.segments}".encode())
    if extra := windows.features[len(FEATURES) :]:
        digest.update(f" {extra}".encode())
    for array in (windows.series, *(part for o in windows.origins.values() for part in (o.rows, o.complete))):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def write_windows(folder: Path, windows: WindowedSeries, raw_fingerprint: str) -> WindowsIndex:
    """Write the whole folder anew; a reader sees the old or the new one."""
    index = WindowsIndex(
        features=units_of(windows.features),
        lookback=windows.lookback,
        horizon=windows.horizon,
        raw_fingerprint=raw_fingerprint,
        fingerprint=fingerprint_of(windows),
        segments=windows.segments,
        rules=windows.rules,
    )
    with atomic_folder(folder) as temporary:
        _save(temporary / SERIES, windows.series)
        _save(temporary / TIMESTAMPS, windows.timestamps)
        for split, origins in windows.origins.items():
            _save(temporary / origins_file(split), origins.rows)
            _save(temporary / complete_file(split), origins.complete)
        (temporary / INDEX).write_text(index.model_dump_json(indent=2) + "\n")
    return index


def _save(path: Path, array: npt.NDArray[np.generic]) -> None:
    # Into a real file np.save writes past Python, and what it raises on a full disk does not say that the disk is full.
    with path.open("wb") as file:
        np.save(_Pieces(file.write), array)


@dataclass(frozen=True)
class _Pieces:
    """Something that is not a file but can be written to."""

    write: Callable[[bytes], int]


def read_windows(folder: Path) -> tuple[WindowedSeries, WindowsIndex]:
    """The windows of a folder, the arrays memory-mapped. Raises ArtifactMissing if they are not there or damaged."""
    recover_folder(folder)
    try:
        index = WindowsIndex.model_validate_json((folder / INDEX).read_text())
        windows = WindowedSeries(
            series=np.load(folder / SERIES, mmap_mode="r"),
            timestamps=np.load(folder / TIMESTAMPS, mmap_mode="r"),
            segments=index.segments,
            origins={
                split: Origins(
                    np.load(folder / origins_file(split), mmap_mode="r"),
                    np.load(folder / complete_file(split), mmap_mode="r"),
                )
                for split in Split
            },
            lookback=index.lookback,
            horizon=index.horizon,
            features=known_features(list(index.features)),
            rules=index.rules,
        )
    except (OSError, ValueError) as error:
        raise ArtifactMissing.unreadable(folder, error, "windowed_tensors") from error
    return windows, index
