"""model.ts, loaded by torch, which is imported only then."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.records import Values
from bloodtwin_core.serving.facts import FACTS, ExportFacts, Predict
from bloodtwin_core.serving.model_json import agreed_facts


def load_torchscript(path: Path) -> tuple[Predict, ExportFacts]:
    """A TorchScript export as a function of windows. Raises ArtifactMissing if it is not there or damaged."""
    extra = {FACTS: ""}
    try:
        with without_deprecation_notes():
            module = torch.jit.load(str(path), "cpu", extra)  # type: ignore[no-untyped-call]
        facts = ExportFacts.model_validate_json(extra[FACTS])
    except (OSError, ValueError, RuntimeError) as error:
        raise ArtifactMissing.unreadable(path, error, "torchscript_export") from error
    facts = agreed_facts(path, facts)

    def predict(windows: Values) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            forecast: npt.NDArray[np.float32] = module(torch.from_numpy(windows)).numpy()
        return forecast

    return predict, facts


@contextmanager
def without_deprecation_notes() -> Iterator[None]:
    """Meanwhile, keep TorchScript from announcing its own end."""
    # TorchScript announces its future; the pinned version is what counts here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
