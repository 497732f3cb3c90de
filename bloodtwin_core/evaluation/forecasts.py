"""What was forecast for every test window, beside what was measured and what the baselines forecast.

A test forecasts once; metrics, intervals, clinical measures, reports and researchers all take their arrays from here.
How they lie on disk, see forecasts_files.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records import Glucose, Mask, Rows, Timestamps

MODEL = "model"
"""The name of the tested forecaster among those beside it."""
Quantiles = npt.NDArray[np.float32]
"""mg/dL, [window, step, level]; the levels are model.QUANTILE_LEVELS."""


class WindowForecasts(NamedTuple):
    """What a network forecasts for some windows, in mg/dL.

    prediction: [window, horizon]. quantiles: [window, horizon, level] and disagreement: [window, horizon], the
    standard deviation over the members of an ensemble; None where the network gives none.
    """

    prediction: Glucose
    quantiles: Quantiles | None = None
    disagreement: Glucose | None = None


Predict = Callable[[Rows], Glucose]
"""Any forecaster: forecasts in mg/dL, [window, horizon], from forecast origins (rows of the series, ascending)."""
ForecastFunction = Callable[[Rows], WindowForecasts]
"""The same, with what it says of its own uncertainty."""


def without_uncertainty(predict: Predict) -> ForecastFunction:
    """A forecaster that says nothing of its own uncertainty."""
    return lambda rows: WindowForecasts(predict(rows))


@dataclass(frozen=True)
class TestForecasts:
    """All available test windows, in order of rows; glucose in mg/dL.

    rows: [window], forecast origins as rows of the series. pump: [window]. timestamp: [window], of the origin, on
    the records' clock. last: [window], the (carried) reading at the origin. complete: [window].
    target, measured, model: [window, horizon]; a target that was not measured never counts. beside: what each baseline
    forecast, by its name, [window, horizon]. quantiles: [window, horizon, level], and disagreement: [window, horizon],
    the members' standard deviation; None where the network gives none.
    """

    __test__ = False  # Its name begins with Test, but pytest should not collect it.

    rows: Rows
    pump: npt.NDArray[np.str_]
    timestamp: Timestamps
    last: npt.NDArray[np.float32]
    complete: Mask
    target: Glucose
    measured: Mask
    model: Glucose
    beside: Mapping[str, Glucose] = field(default_factory=dict)
    quantiles: Quantiles | None = None
    disagreement: Glucose | None = None

    def __post_init__(self) -> None:
        taken = sorted(set(self.beside) & {each.name for each in fields(self)})
        if taken:
            raise ValueError(f"no baseline can be called {', '.join(taken)}: the forecasts themselves use that name")

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> "TestForecasts":
        """From arrays as the property gives them: names that are no field are baselines'."""
        own = {each.name for each in fields(cls)}
        beside = {name: array for name, array in arrays.items() if name not in own}
        return cls(**{name: arrays[name] for name in arrays if name in own}, beside=beside)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def horizon(self) -> int:
        """Steps forecast."""
        return int(self.target.shape[1])

    @property
    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The arrays that there are, by name."""
        named = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "beside"}
        return {name: array for name, array in {**named, **self.beside}.items() if array is not None}

    @property
    def forecasters(self) -> dict[str, Glucose]:
        """What each forecaster says, [window, horizon]: the tested model first, then the baselines."""
        return {MODEL: self.model, **self.beside}

    def take(self, which: slice | Rows | Mask) -> "TestForecasts":
        """Some of the windows: a slice is a view, places or a mask [window] are a copy."""
        return TestForecasts.of_arrays({name: array[which] for name, array in self.arrays.items()})

    def only(self, pump_ids: Sequence[str]) -> "TestForecasts":
        """The windows of these pumps."""
        return self.take(np.isin(self.pump, list(pump_ids)))

    def up_to(self, steps: int) -> "TestForecasts":
        """The first steps of every forecast."""
        return TestForecasts.of_arrays(
            {name: array[:, :steps] if array.ndim > 1 else array for name, array in self.arrays.items()}
        )

    def predict(self, rows: Rows) -> Glucose:
        """The model's forecasts from these origins, [window, horizon], as whoever wants a forecaster calls them.

        Raises SettingsError if one of them was not tested.
        """
        places = np.searchsorted(self.rows, rows)
        if not np.array_equal(self.rows[np.minimum(places, len(self) - 1)], rows):
            raise SettingsError("forecasts were asked for from rows that are no test windows of this run")
        forecast: Glucose = self.model[places]
        return forecast


def join(parts: Sequence[TestForecasts]) -> TestForecasts:
    """The windows of all parts, in their order; there is at least one part."""
    names = parts[0].arrays
    return TestForecasts.of_arrays({name: np.concatenate([part.arrays[name] for part in parts]) for name in names})
