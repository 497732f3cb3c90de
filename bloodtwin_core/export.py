"""The files that leave: one ONNX and one TorchScript file, each complete in itself, and the proof that they agree.

Both take float32 [batch, lookback, feature] in physical units and give float32 [batch, horizon] in mg/dL.
"""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from pydantic import BaseModel, ConfigDict

from bloodtwin_core.checkpoint import Checkpoint
from bloodtwin_core.config import ExportSettings
from bloodtwin_core.errors import ArtifactMissing
from bloodtwin_core.files import atomic_write
from bloodtwin_core.records import FEATURE_UNITS, RECORD_MINUTES, Split, Values
from bloodtwin_core.windows import WindowedSeries

INPUT, OUTPUT = "input", "prediction"
FACTS = "bloodtwin.json"
"""Key of the facts in ONNX metadata, and name of the extra file in a TorchScript archive."""

Predict = Callable[[Values], npt.NDArray[np.float32]]


class ExportFacts(BaseModel):
    """What a user of the file needs to know, kept inside the file as JSON."""

    model_config = ConfigDict(frozen=True)

    model_name: str
    model_version: str
    checkpoint_sha256: str
    data_fingerprint: str
    lookback: int
    horizon: int
    record_minutes: int
    feature_units: dict[str, str]
    feature_centre: dict[str, float]
    output_unit: str


@dataclass(frozen=True)
class ParityReport:
    """How far an export is from its checkpoint (mg/dL) on real test windows."""

    windows: int
    largest_difference: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """True if no forecast differs by more than the tolerance; an undefined difference does not agree."""
        return self.largest_difference <= self.tolerance


def facts_of(checkpoint: Checkpoint) -> ExportFacts:
    """The facts about a checkpoint that its exports carry."""
    units = {feature.value: unit for feature, unit in FEATURE_UNITS.items()}
    return ExportFacts(
        model_name=checkpoint.model.name,
        model_version=checkpoint.version,
        checkpoint_sha256=checkpoint.sha256,
        data_fingerprint=checkpoint.data_fingerprint,
        lookback=checkpoint.lookback,
        horizon=checkpoint.horizon,
        record_minutes=RECORD_MINUTES,
        feature_units=units,
        feature_centre=dict(zip(units, checkpoint.forecaster.centre.tolist(), strict=True)),
        output_unit="mg/dL",
    )


def export_torchscript(checkpoint: Checkpoint, path: Path) -> None:
    """Write model.ts, loadable by torch.jit.load alone."""
    with torch.inference_mode(False), _without_deprecation_notes():
        # Traced with a batch of two, because a trace may take a batch of one for a constant.
        traced = torch.jit.trace(checkpoint.forecaster, _example(checkpoint))  # type: ignore[no-untyped-call]
        with atomic_write(path) as temporary:
            torch.jit.save(traced, str(temporary), _extra_files={FACTS: facts_of(checkpoint).model_dump_json()})


def export_onnx(checkpoint: Checkpoint, path: Path, settings: ExportSettings) -> None:
    """Write model.onnx, weights inside, recurrent layers as fused nodes, batch size free."""
    with atomic_write(path) as temporary, _without_deprecation_notes():
        torch.onnx.export(
            checkpoint.forecaster,
            (_example(checkpoint),),
            temporary,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes={"window": {0: "batch"}},
            opset_version=settings.opset,
            external_data=False,
            dynamo=True,
            verbose=False,
        )
        graph = onnx.load(temporary)
        onnx.helper.set_model_props(graph, {FACTS: facts_of(checkpoint).model_dump_json()})
        onnx.checker.check_model(graph, full_check=True)
        onnx.save(graph, temporary)


def load_torchscript(path: Path) -> tuple[Predict, ExportFacts]:
    """A TorchScript export as a function of windows. Raises ArtifactMissing if it is not there or damaged."""
    extra = {FACTS: ""}
    try:
        with _without_deprecation_notes():
            module = torch.jit.load(str(path), "cpu", extra)  # type: ignore[no-untyped-call]
        facts = ExportFacts.model_validate_json(extra[FACTS])
    except (OSError, ValueError, RuntimeError) as error:
        raise ArtifactMissing.unreadable(path, error, "torchscript_export") from error

    def predict(windows: Values) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            forecast: npt.NDArray[np.float32] = module(torch.from_numpy(windows)).numpy()
        return forecast

    return predict, facts


def load_onnx(path: Path, threads: int = 0) -> tuple[Predict, ExportFacts]:
    """An ONNX export as a function of windows; threads 0 lets onnxruntime choose.

    Raises ArtifactMissing if it is not there or damaged.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        facts = ExportFacts.model_validate_json(session.get_modelmeta().custom_metadata_map[FACTS])
    except Exception as error:
        raise ArtifactMissing.unreadable(path, error, "onnx_export") from error

    def predict(windows: Values) -> npt.NDArray[np.float32]:
        forecast: npt.NDArray[np.float32] = session.run([OUTPUT], {INPUT: windows})[0]
        return forecast

    return predict, facts


def parity(predict: Predict, checkpoint: Checkpoint, windows: WindowedSeries, settings: ExportSettings) -> ParityReport:
    """Compare an export with its checkpoint on test windows spread evenly over the test split."""
    rows = windows.origins[Split.test].rows
    chosen = rows[np.linspace(0, len(rows) - 1, min(settings.parity_windows, len(rows))).astype(np.int64)]
    lookbacks = windows.lookbacks(chosen)
    with torch.inference_mode():
        expected = checkpoint.forecaster(torch.from_numpy(lookbacks)).numpy()
    difference = np.abs(predict(lookbacks) - expected)
    # A batch of one goes through other kernels than a large one, so it is held against the checkpoint as well.
    alone = np.abs(predict(lookbacks[:1]) - expected[:1])
    return ParityReport(
        windows=len(chosen),
        largest_difference=float(max(difference.max(), alone.max())),
        tolerance=settings.parity_tolerance,
    )


def _example(checkpoint: Checkpoint) -> torch.Tensor:
    return checkpoint.forecaster.centre.expand(2, checkpoint.lookback, -1).contiguous()


@contextmanager
def _without_deprecation_notes() -> Iterator[None]:
    # TorchScript and parts of the ONNX exporter announce their future; the pinned version is what counts here.
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    exporter_log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        exporter_log.setLevel(level)
