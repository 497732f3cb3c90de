"""`python -m benchmarks.pipeline.whole_run SETTINGS FOLDER`: from records to exports, without Dagster.

SETTINGS is a JSON file of bloodtwin_core.config.Settings. Prints seconds by stage and the peak memory.
"""

import sys
import time
from pathlib import Path

from benchmarks.common.child import report
from benchmarks.common.memory import peak_memory
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.evaluation import evaluation_stage
from bloodtwin_core.pipeline.exports import onnx_parity, onnx_stage, torchscript_parity, torchscript_stage
from bloodtwin_core.pipeline.records import check_records, records_stage
from bloodtwin_core.pipeline.scaler import scaler_stage
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.pipeline.windows import windows_stage
from bloodtwin_core.sources.settings import settings_model


def run(settings: Settings, folder: Path) -> dict[str, float]:
    """Do everything; gives seconds by stage, epochs and MAE (mg/dL)."""
    store, clock = ArtifactStore(folder), _Clock()
    records_stage(store, settings)
    found = check_records(store, settings.data).findings
    if found:
        raise DataError(found[0].message, todo="Mend the records")
    clock.lap("records")
    scaler_stage(store, settings)
    windows_stage(store, settings)
    clock.lap("windows")
    fitted = train_stage(store, settings)
    clock.lap("training")
    results = evaluation_stage(store, settings)
    clock.lap("testing")
    torchscript_stage(store, settings)
    onnx_stage(store, settings)
    for agreement in (torchscript_parity(store, settings), onnx_parity(store, settings)):
        if not agreement.agrees:
            raise AssertionError("an export does not agree with its checkpoint")
    clock.lap("exports")
    mae = results.complete.pooled.model.test_mae_at_30min
    return {**clock.laps, "epochs": len(fitted.epochs), "mae_at_30min": mae or float("nan")}


class _Clock:
    """Seconds since the last lap, by name."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self.began = now - self.began, now


def main(settings_file: Path, folder: Path) -> None:
    """The command."""
    began = time.perf_counter()
    with peak_memory() as peak:
        found = run(settings_model().model_validate_json(settings_file.read_text()), folder)
    report(**found, seconds=time.perf_counter() - began, resident_mib=peak.resident)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
