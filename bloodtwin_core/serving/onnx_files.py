"""ONNX files, loaded for onnxruntime on the CPU."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from bloodtwin_core.common.errors import ArtifactMissing, SettingsError
from bloodtwin_core.records import Values
from bloodtwin_core.serving.facts import FACTS, INPUT, ExportedForecast, ExportFacts, forecast_outputs, onnx_inputs
from bloodtwin_core.serving.model_json import agreed_facts
from bloodtwin_core.serving.streaming_network import StreamingNetwork

_ERRORS = 3
"""What onnxruntime logs: not that an input which may be left out cannot be folded into a constant."""


@dataclass(frozen=True)
class WindowNetwork:
    """model.onnx or model_int8.onnx, loaded: a function of windows."""

    session: onnxruntime.InferenceSession
    facts: ExportFacts

    def __call__(self, windows: Values) -> npt.NDArray[np.float32]:
        """Point forecasts in mg/dL [batch, horizon] from lookbacks [batch, lookback, feature].

        Where the file takes what the past says of the wearers, its columns may stand behind the features; else it is
        unknown.
        """
        return self.forecast(windows).prediction

    def forecast(self, windows: Values) -> ExportedForecast:
        """The same with quantiles and, of an ensemble, disagreement."""
        return ExportedForecast(
            *self.session.run(forecast_outputs(self.facts), onnx_inputs(INPUT, windows, self.facts))
        )


def load_onnx(path: Path, threads: int = 0) -> tuple[WindowNetwork, ExportFacts]:
    """model.onnx or model_int8.onnx as a function of windows; threads 0 lets onnxruntime choose.

    Raises ArtifactMissing if it is not there, damaged or not the one in model.json, SettingsError if it is the
    streaming export.
    """
    session, facts = _open(path, threads, "onnx_export")
    if facts.states:
        raise SettingsError(f"{path} takes one record at a time. Load it as a stream, or choose model.onnx")
    return WindowNetwork(session, facts), facts


def load_streaming(path: Path, threads: int = 1) -> tuple[StreamingNetwork, ExportFacts]:
    """model_streaming.onnx; one thread is fastest for one record.

    Raises ArtifactMissing if it is not there, damaged or not the one in model.json, SettingsError if it takes whole
    lookbacks.
    """
    session, facts = _open(path, threads, "streaming_export")
    if not facts.states:
        raise SettingsError(f"{path} takes whole lookbacks. Choose model_streaming.onnx for one record at a time")
    return StreamingNetwork(session, facts), facts


def _open(path: Path, threads: int, asset: str) -> tuple[onnxruntime.InferenceSession, ExportFacts]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = _ERRORS
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        facts = ExportFacts.model_validate_json(session.get_modelmeta().custom_metadata_map[FACTS])
    except Exception as error:
        raise ArtifactMissing.unreadable(path, error, asset) from error
    return session, agreed_facts(path, facts)
