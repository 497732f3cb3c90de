"""Test forecasts as files: a folder of plain .npy arrays that can be memory-mapped, and forecasts.json.

They are written batch by batch, so that memory does not grow with the history. On disk a window takes about 0.3 kB
at a horizon of 12, 0.65 kB with quantiles; twice that at 24.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import atomic_folder, recover_folder
from bloodtwin_core.evaluation.baselines import BaselineFit
from bloodtwin_core.evaluation.figures import Result
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.results import TestedModel

INDEX = "forecasts.json"
BESIDE_AT_FIRST = ("persistence", "ridge")
"""The baselines of an index that does not name them, as there were before baselines stood in a table."""


class ForecastsIndex(Result):
    """forecasts.json: what was tested, and every pump of the run, also those without a test window.

    baselines: what each baseline's fit chose, by the baseline's name, in the order in which they stand beside the
    model; each has an array of its own.
    """

    tested: TestedModel
    baselines: dict[str, BaselineFit] = Field(default_factory=dict)
    pumps: tuple[str, ...]
    windows: int
    lookback: int
    horizon: int

    @model_validator(mode="before")
    @classmethod
    def _at_first(cls, content: Any) -> Any:
        """An index without baselines tells of the fit of ridge alone."""
        if not isinstance(content, dict) or "baselines" in content or "ridge" not in content:
            return content
        rest = {name: value for name, value in content.items() if name not in BESIDE_AT_FIRST}
        return {**rest, "baselines": {name: content.get(name, {}) for name in BESIDE_AT_FIRST}}


def array_file(name: str) -> str:
    """The file of one of the arrays of TestForecasts."""
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
        own = [each.name for each in fields(TestForecasts)]
        paths = {name: folder / array_file(name) for name in own if name != "beside"}
        arrays = {name: np.load(path, mmap_mode="r") for name, path in paths.items() if path.exists()}
        beside = {name: np.load(folder / array_file(name), mmap_mode="r") for name in index.baselines}
        return TestForecasts(**arrays, beside=beside), index
    except (OSError, ValueError, TypeError) as error:
        raise ArtifactMissing.unreadable(folder, error, "test_results") from error


def _write_header(file: BinaryIO, array: npt.NDArray[np.generic], windows: int) -> None:
    described = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False}
    np.lib.format.write_array_header_1_0(file, {**described, "shape": (windows, *array.shape[1:])})
