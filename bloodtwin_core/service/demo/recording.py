"""The recorded days of a virtual wearer, so that a light installation, which cannot simulate, has some.

They are simulated by SEED, WEARER and DAYS, and begin where the end of the last day leads on to the first without a
jump, so that they can be repeated for ever. `python -m benchmarks.demo_wearer` writes them again; a test compares.
"""

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FILE = Path(__file__).parent / "wearer.csv.gz"
SEED, WEARER, DAYS = 2024, 1, 21
COLUMNS = ("bg", "basal_rate", "bolus_dose", "carbohydrates")
"""mg/dL, U/h, U, g; empty where nothing was measured. A line every five minutes, the first of 00:00 to 00:05."""


@dataclass(frozen=True)
class Recording:
    """glucose mg/dL, basal_rate U/h, bolus_dose U, carbohydrates g, each [record], NaN where unknown."""

    glucose: npt.NDArray[np.float64]
    basal_rate: npt.NDArray[np.float64]
    bolus_dose: npt.NDArray[np.float64]
    carbohydrates: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.glucose)


def recorded() -> Recording:
    """The recording that comes with the package."""
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    columns = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows]).T
    return Recording(*columns)


def packed(recording: Recording) -> bytes:
    """The content of FILE; the same recording gives the same bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for glucose, basal, bolus, grams in zip(
        recording.glucose, recording.basal_rate, recording.bolus_dose, recording.carbohydrates, strict=True
    ):
        writer.writerow([_cell(glucose, 0), _cell(basal, 3), _cell(bolus, 2), _cell(grams, 0)])
    content = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=content, mtime=0) as file:
        file.write(text.getvalue().encode())
    return content.getvalue()


def _cell(value: float, places: int) -> str:
    return "" if np.isnan(value) else f"{value:.{places}f}"
