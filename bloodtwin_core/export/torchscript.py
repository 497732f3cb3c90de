"""model.ts: written with the facts inside, loadable by torch.jit.load alone."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from bloodtwin_core.checkpoint import Checkpoint
from bloodtwin_core.errors import ArtifactMissing
from bloodtwin_core.export.facts import FACTS, ExportFacts, Predict, facts_of
from bloodtwin_core.files import atomic_write
from bloodtwin_core.records import Values


def export_torchscript(checkpoint: Checkpoint, path: Path) -> None:
    """Write model.ts, loadable by torch.jit.load alone."""
    # Traced with a batch of two, because a trace may take a batch of one for a constant.
    example = checkpoint.forecaster.centre.expand(2, checkpoint.lookback, -1).contiguous()
    with torch.inference_mode(False), _without_deprecation_notes():
        traced = torch.jit.trace(checkpoint.forecaster, example)  # type: ignore[no-untyped-call]
        # Not to the file itself: where the disk is full, torch.jit.save ends the process.
        content = BytesIO()
        torch.jit.save(traced, content, _extra_files={FACTS: facts_of(checkpoint).model_dump_json()})
    with atomic_write(path) as temporary:
        temporary.write_bytes(content.getbuffer())


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


@contextmanager
def _without_deprecation_notes() -> Iterator[None]:
    # TorchScript announces its future; the pinned version is what counts here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
