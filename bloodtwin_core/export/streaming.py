"""model_streaming.onnx as a function of one record and the state that earlier records left."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime

from bloodtwin_core.export.facts import OUTPUT, READING, STATE_OUT, ExportFacts
from bloodtwin_core.records import Values

States = dict[str, npt.NDArray[np.float32]]
"""The network's states by name, each [num_layers, batch, hidden]."""


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
        """Forecasts in mg/dL [batch, horizon] from the next records [batch, feature], and the states after them."""
        outputs = [OUTPUT, *(name + STATE_OUT for name in states)]
        forecast, *carried = self.session.run(outputs, {READING: reading, **states})
        return forecast, dict(zip(states, carried, strict=True))

    def predict(self, windows: Values) -> npt.NDArray[np.float32]:
        """Forecasts in mg/dL [batch, horizon] from lookbacks [batch, lookback, feature], record after record."""
        states = self.zero_states(len(windows))
        forecast = np.empty((len(windows), self.facts.horizon), dtype=np.float32)
        for step in range(windows.shape[1]):
            forecast, states = self.step(np.ascontiguousarray(windows[:, step]), states)
        return forecast
