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
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.results import TestedModel
from bloodtwin_core.evaluation.testing import store_forecasts, stored_results
from bloodtwin_core.export import export_onnx, export_torchscript, parity
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.pipeline.preparing import list_split_files
from bloodtwin_core.records.checks.continuity import findings
from bloodtwin_core.records.raw_splits import load_splits, scaler_records, window_records
from bloodtwin_core.serving.onnx_files import load_onnx
from bloodtwin_core.serving.torchscript import load_torchscript
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.training import CheckpointFolder, choose_compute, fit
from bloodtwin_core.training.compute import testing_threads
from bloodtwin_core.windows import window_series
from bloodtwin_core.windows.scaler import fit_scaler
from bloodtwin_core.windows.storage import read_windows, write_windows


def run(settings: Settings, folder: Path) -> dict[str, float]:
    """Do everything; gives seconds by stage, epochs and MAE (mg/dL)."""
    clock = _Clock()
    raw = list_split_files(settings.data, folder / "splits", folder)
    loaded = load_splits(raw, folder)
    split_alike = [part.file for part in loaded if not part.train_only]
    found = findings(split_alike, settings.data, [part.file for part in loaded if part.train_only])
    if found:
        raise DataError(found[0].message, todo="Mend the records")
    clock.lap("records")
    scaler = fit_scaler(scaler_records(loaded))
    made = window_series(window_records(loaded), scaler, settings.data)
    write_windows(folder / "windows", made, raw.fingerprint)
    del loaded, made
    windows, index = read_windows(folder / "windows")
    clock.lap("windows")
    checkpoints = CheckpointFolder(folder / "checkpoints")
    logs = folder / "tensorboard"
    fitted = fit(windows, scaler, settings.model, settings.training, checkpoints, logs, index.fingerprint)
    clock.lap("training")
    checkpoint = load_checkpoint(fitted.checkpoint)
    compute = choose_compute(settings.training, settings.model.cell)
    tested = TestedModel(
        model_version=checkpoint.version, checkpoint_sha256=checkpoint.sha256, data_fingerprint=index.fingerprint
    )
    with torch_threads(testing_threads(settings.training)):
        method = method_for(checkpoint.forecaster, windows, settings.evaluation, compute.device.value)
        store_forecasts(folder / "test_forecasts", windows, method.forecast, settings.evaluation, tested)
        results = stored_results(folder / "test_forecasts", windows, settings.evaluation)
    results.write(folder / "test_results.yaml")
    clock.lap("testing")
    checkpoint.forecaster.to("cpu")
    export_torchscript(checkpoint, folder / "model.ts")
    export_onnx(checkpoint, folder / "model.onnx", settings.export)
    for predict_export in (load_torchscript(folder / "model.ts")[0], load_onnx(folder / "model.onnx")[0]):
        if not parity(predict_export, checkpoint, windows, settings.export).agrees:
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
