"""model_streaming.onnx as a function of one record and the state that earlier records left."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime

from bloodtwin_core.records import Values
from bloodtwin_core.serving.facts import (
    READING,
    STATE_OUT,
    ExportedForecast,
    ExportFacts,
    forecast_outputs,
    onnx_inputs,
)

States = dict[str, npt.NDArray[np.float32]]
"""The network's states by name, shaped as facts.py says, batch second."""


@dataclass(frozen=True)
class StreamingNetwork:
    """The streaming export, loaded. It keeps no state itself: who calls it does."""

    session: onnxruntime.InferenceSession
    facts: ExportFacts

    def zero_states(self, batch: int = 1) -> States:
        """The states before the first record."""
        shapes = {
            name: [batch if isinstance(size, str) else size for size in shape]
            for name, shape in self.facts.states.items()
        }
        return {name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()}

    def step(self, reading: Values, states: States) -> tuple[npt.NDArray[np.float32], States]:
        """Point forecasts in mg/dL [batch, horizon] from the next records [batch, feature], and the states after.

        Where the file takes what the past says of the wearers, its columns may stand behind the features; else it is
        unknown.
        """
        forecast, after = self.step_forecast(reading, states)
        return forecast.prediction, after

    def step_forecast(self, reading: Values, states: States) -> tuple[ExportedForecast, States]:
        """The same with quantiles and, of an ensemble, disagreement."""
        names = forecast_outputs(self.facts)
        outputs = [*names, *(name + STATE_OUT for name in states)]
        given = self.session.run(outputs, {**onnx_inputs(READING, reading, self.facts), **states})
        return ExportedForecast(*given[: len(names)]), dict(zip(states, given[len(names) :], strict=True))

    def __call__(self, windows: Values) -> npt.NDArray[np.float32]:
        """Point forecasts in mg/dL [batch, horizon] from lookbacks [batch, lookback, feature], record after record.

        Columns of the past behind the features as in step.
        """
        return self.forecast(windows).prediction

    def forecast(self, windows: Values) -> ExportedForecast:
        """The same with quantiles and, of an ensemble, disagreement; a lookback holds at least one record."""
        states = self.zero_states(len(windows))
        for step in range(windows.shape[1]):
            forecast, states = self.step_forecast(np.ascontiguousarray(windows[:, step]), states)
        return forecast
