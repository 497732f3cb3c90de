"""The windows that bloodTwin wrote, read from their plain files: no bloodTwin is needed for it.

What stands in the files is described in bloodtwin_core/windows/storage.py.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

GLUCOSE = "bg"
"""The series that is forecast, mg/dL."""
MISSING = "bg_missing_flag"
"""1 where glucose was not measured and the last reading was carried forward."""
HISTORY = ["basal_rate", "bolus_dose", "sin_time", "cos_time", MISSING]
"""What a forecaster may look back on beside glucose (its change follows from it, bg_clip_flag is nearly always 0)."""

Glucose = npt.NDArray[np.float32]
"""mg/dL, [window, step]."""


@dataclass(frozen=True)
class Windows:
    """series: float32 [record, feature], physical units. test_origins: rows of the complete test windows, ascending."""

    series: npt.NDArray[np.float32]
    features: list[str]
    segments: list[dict[str, Any]]
    test_origins: npt.NDArray[np.int64]
    lookback: int
    horizon: int

    @classmethod
    def read(cls, folder: Path) -> "Windows":
        """Read the windows folder of a finished bloodTwin run."""
        index = json.loads((folder / "windows.json").read_text())
        origins, complete = np.load(folder / "origins_test.npy"), np.load(folder / "complete_test.npy")
        return cls(
            series=np.load(folder / "series.npy"),
            features=list(index["features"]),
            segments=index["segments"],
            test_origins=origins[complete],
            lookback=index["lookback"],
            horizon=index["horizon"],
        )

    def column(self, feature: str) -> npt.NDArray[np.float32]:
        """One feature of all records, [record]."""
        return self.series[:, self.features.index(feature)]

    @property
    def test_targets(self) -> Glucose:
        """The glucose to be forecast from each complete test origin, [window, horizon]."""
        targets: Glucose = self.column(GLUCOSE)[self.test_origins[:, None] + np.arange(1, self.horizon + 1)]
        return targets

    @property
    def test_persistence(self) -> Glucose:
        """The last reading stays, [window, horizon]."""
        return np.repeat(self.column(GLUCOSE)[self.test_origins, None], self.horizon, axis=1)

    def split_frame(self, split: str, records_each: int | None = None) -> pd.DataFrame:
        """A split as neuralforecast takes it: unique_id is the pump, ds a record number that counts within the pump.

        available_mask is 0 where glucose was not measured: such records count neither as targets nor for scaling.
        records_each keeps only that many first records of every pump.
        """
        frames = []
        for segment in self._one_segment_a_pump(split):
            rows = np.arange(segment["start"], segment["stop"])[:records_each]
            frames.append(self._frame(np.full(len(rows), segment["pump_id"], dtype=object), rows, rows))
        return pd.concat(frames, ignore_index=True)

    def shortest(self, split: str) -> int:
        """Records of the pump with the fewest in that split."""
        return min(int(segment["stop"] - segment["start"]) for segment in self._one_segment_a_pump(split))

    def test_lookback_frame(self) -> pd.DataFrame:
        """Every complete test origin as a series of its own: unique_id is the origin's place, its rows the lookback."""
        rows = (self.test_origins[:, None] + np.arange(1 - self.lookback, 1)).ravel()
        origin = np.repeat(np.arange(len(self.test_origins)), self.lookback)
        return self._frame(origin, np.tile(np.arange(self.lookback), len(self.test_origins)), rows)

    def _frame(self, ids: npt.NDArray[Any], ds: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> pd.DataFrame:
        frame = pd.DataFrame({"unique_id": ids, "ds": ds, "y": self.column(GLUCOSE)[rows]})
        for feature in HISTORY:
            frame[feature] = self.column(feature)[rows]
        frame["available_mask"] = 1.0 - self.column(MISSING)[rows]
        return frame

    def _one_segment_a_pump(self, split: str) -> list[dict[str, Any]]:
        """The segments of a split, which neuralforecast can validate on only if there is one a pump."""
        segments = [segment for segment in self.segments if segment["split"] == split]
        if len({segment["pump_id"] for segment in segments}) < len(segments):
            raise ValueError(
                f"a pump has more than one segment in the {split} split, but this comparison hands neuralforecast one "
                "series a pump. Use windows without a gap there, as those of AZT1D are"
            )
        return segments
