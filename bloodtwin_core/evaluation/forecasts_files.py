"""Test forecasts as files: a folder of plain .npy arrays that can be memory-mapped, and forecasts.json.

They are written batch by batch, so that memory does not grow with the history. On disk a window takes about 0.3 kB
at a horizon of 12, 0.65 kB with quantiles; twice that at 24.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import atomic_folder, recover_folder
from bloodtwin_core.evaluation.comparison import Result
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.results import RidgeFit, TestedModel

INDEX = "forecasts.json"


class ForecastsIndex(Result):
    """forecasts.json: what was tested, and every pump of the run, also those without a test window."""

    tested: TestedModel
    ridge: RidgeFit
    pumps: tuple[str, ...]
    windows: int
    lookback: int
    horizon: int


def array_file(name: str) -> str:
    """The file of one field of TestForecasts."""
    return f"{name}.npy"


def write_forecasts(folder: Path, batches: Iterable[TestForecasts], index: ForecastsIndex) -> None:
    """Write the whole folder anew from batches that together hold index.windows windows, in order of rows.

    A reader sees the old folder or the new one. Raises ValueError if it was another number of windows.
    """
    with atomic_folder(folder) as temporary, ExitStack() as open_files:
        files: dict[str, BinaryIO] = {}
        written = 0
        for batch in batches:
            for name, array in batch.arrays.items():
                if name not in files:
                    files[name] = open_files.enter_context((temporary / array_file(name)).open("wb"))
                    _write_header(files[name], array, index.windows)
                files[name].write(np.ascontiguousarray(array).tobytes())
            written += len(batch)
        if written != index.windows:
            raise ValueError(f"{index.windows} windows were to be written, but there were {written}")
        (temporary / INDEX).write_text(index.model_dump_json(indent=2) + "\n")


def read_forecasts(folder: Path) -> tuple[TestForecasts, ForecastsIndex]:
    """What write_forecasts left, the arrays memory-mapped. Raises ArtifactMissing if it is not there or damaged."""
    recover_folder(folder)
    try:
        index = ForecastsIndex.model_validate_json((folder / INDEX).read_text())
        paths = {field.name: folder / array_file(field.name) for field in fields(TestForecasts)}
        arrays = {name: np.load(path, mmap_mode="r") for name, path in paths.items() if path.exists()}
        return TestForecasts(**arrays), index
    except (OSError, ValueError, TypeError) as error:
        raise ArtifactMissing.unreadable(folder, error, "test_results") from error


def _write_header(file: BinaryIO, array: npt.NDArray[np.generic], windows: int) -> None:
    described = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False}
    np.lib.format.write_array_header_1_0(file, {**described, "shape": (windows, *array.shape[1:])})
